using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>A number without sparsity beside what is kept.</summary>
/// <param name="Dense">Without sparsity.</param>
/// <param name="Stored">Of the non-zeros.</param>
public readonly record struct StoredCount(long Dense, long Stored)
{
    /// <summary>How many times less is kept.</summary>
    public double Reduction => (double)Dense / Stored;
}

/// <summary>The size of a model, all in float32.</summary>
/// <param name="Parameters">
/// Parameters: all of them, embeddings, biases and norms included, and those that are not pruned. A tied head is counted once.
/// </param>
/// <param name="WeightBytes">Their bytes, CSR patterns of sparse weights included; a device may keep more beside a pattern.</param>
/// <param name="OptimizerBytes">Bytes of the optimizer's state, which exists for stored elements only; 0 without an optimizer section.</param>
public readonly record struct ModelStorage(StoredCount Parameters, StoredCount WeightBytes, StoredCount OptimizerBytes)
{
    /// <summary>Adds up a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="optimizer">The optimizer section, if there is one.</param>
    public static ModelStorage Of(ModelParameters model, SparsityPlan plan, OptimizerParameters? optimizer)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(model);
        long elements = definitions.Sum(definition => definition.Elements);
        long nonZeros = elements - plan.Weights.Sum(weight => weight.Total - weight.Kept);
        long stateBytes = optimizer is null ? 0 : sizeof(float) * optimizer.StatesPerParameter;
        return new ModelStorage(
            new StoredCount(elements, nonZeros),
            new StoredCount(sizeof(float) * elements, (sizeof(float) * nonZeros) + plan.Weights.Sum(weight => weight.PatternBytes)),
            new StoredCount(stateBytes * elements, stateBytes * nonZeros));
    }
}
