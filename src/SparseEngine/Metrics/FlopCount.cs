using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Metrics;

/// <summary>Floating-point operations of matrix products; a multiply-add is 2. Elementwise work, under a hundredth of it, is not counted.</summary>
/// <param name="Dense">Of the model without sparsity.</param>
/// <param name="Executed">Of its non-zeros.</param>
public readonly record struct FlopCount(double Dense, double Executed)
{
    /// <summary>One training step: each linear weight multiplies three times (output, input gradient, weight gradient), and so do a causal attention's scores and values.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="batch">Sequences in the step.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    public static FlopCount OfTrainingStep(ModelParameters model, SparsityPlan plan, int batch, int sequence)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        double weights = GptArchitecture.Parameters(model).Where(parameter => parameter.IsLinearWeight).Sum(parameter => (double)parameter.Elements);
        if (model.ShareEmbeddingWeights)
        {
            weights += (double)model.VocabularySize * model.HiddenSize;
        }

        double pruned = plan.Weights.Sum(weight => (double)(weight.Total - weight.Kept));
        double tokens = (double)batch * sequence;

        // A token attends to itself and those before it: (sequence + 1) / 2 keys on average, once for scores and once for values.
        double attention = 6 * tokens * model.Layers * 2 * model.HiddenSize * (sequence + 1) / 2;
        return new FlopCount((6 * tokens * weights) + attention, (6 * tokens * (weights - pruned)) + attention);
    }
}
