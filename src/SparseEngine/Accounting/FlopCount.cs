using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>Floating-point operations of matrix products; a multiply-add is 2. Elementwise work, under a hundredth of it, is not counted.</summary>
/// <param name="Dense">Of the model without sparsity.</param>
/// <param name="Executed">Of its non-zeros.</param>
public readonly record struct FlopCount(double Dense, double Executed)
{
    /// <summary>How many times fewer are executed than without sparsity.</summary>
    public double Reduction => Dense / Executed;

    /// <summary>One forward pass: the sum of <see cref="LayerFlops.OfForwardPass"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="attention">Which query-key pairs of a sequence count.</param>
    public static FlopCount OfForwardPass(
        ModelParameters model, SparsityPlan plan, int batch, int sequence, AttentionCounting attention = AttentionCounting.Causal) =>
        SumOf(LayerFlops.OfForwardPass(model, plan, batch, sequence, attention));

    /// <summary>
    /// One training step: three forward passes, since each product has two gradients of its own size. Recomputation is not counted.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="batch">Sequences in the step.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="attention">Which query-key pairs of a sequence count.</param>
    /// <param name="device">What computes the step: it may compute a weight with few zeros densely. Null counts non-zeros only.</param>
    /// <param name="microBatches">Passes that the batch is computed in; whether a device computes densely can depend on a pass's tokens.</param>
    public static FlopCount OfTrainingStep(
        ModelParameters model, SparsityPlan plan, int batch, int sequence, AttentionCounting attention = AttentionCounting.Causal,
        ComputeDevice? device = null, int microBatches = 1)
    {
        FlopCount step = OfForwardPass(model, plan, batch, sequence, attention).Times(3);
        if (device is null)
        {
            return step;
        }

        double zerosOfPass = plan.Weights.Sum(weight => ZerosComputed(weight, batch / microBatches * sequence, device));
        return step with { Executed = step.Executed + (microBatches * zerosOfPass) };
    }

    /// <summary>The forward pass of some layers.</summary>
    public static FlopCount SumOf(IEnumerable<LayerFlops> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return layers.Aggregate(
            default(FlopCount), (sum, layer) => new FlopCount(sum.Dense + layer.DenseForward, sum.Executed + layer.ExecutedForward));
    }

    /// <summary>Both together.</summary>
    public FlopCount Plus(FlopCount other) => new(Dense + other.Dense, Executed + other.Executed);

    /// <summary>The same a number of times.</summary>
    public FlopCount Times(double factor) => new(factor * Dense, factor * Executed);

    private static double ZerosComputed(WeightSparsity weight, int tokens, ComputeDevice device) =>
        2.0 * tokens * (weight.Total - weight.Kept)
            * Enum.GetValues<SparseProduct>().Count(
                product => device.ComputesDense(product, weight.Shape[0], weight.Shape[1], weight.Kept, tokens, weight.BlockRows));
}
