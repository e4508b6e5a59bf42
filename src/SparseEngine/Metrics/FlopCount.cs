using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Sparsity;

namespace SparseEngine.Metrics;

/// <summary>Floating-point operations of matrix products; a multiply-add is 2. Elementwise work, under a hundredth of it, is not counted.</summary>
/// <param name="Dense">Of the model without sparsity.</param>
/// <param name="Executed">Of its non-zeros.</param>
public readonly record struct FlopCount(double Dense, double Executed)
{
    /// <summary>One forward pass: the sum of <see cref="LayerFlops.OfForwardPass"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    public static FlopCount OfForwardPass(ModelParameters model, SparsityPlan plan, int batch, int sequence)
    {
        ImmutableArray<LayerFlops> layers = LayerFlops.OfForwardPass(model, plan, batch, sequence);
        return new FlopCount(layers.Sum(layer => layer.DenseForward), layers.Sum(layer => layer.ExecutedForward));
    }

    /// <summary>One training step: three forward passes, since each product has two gradients of its own size. Recomputation is not counted.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="batch">Sequences in the step.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="device">What computes the step: it may compute a weight with few zeros densely. Null counts non-zeros only.</param>
    public static FlopCount OfTrainingStep(ModelParameters model, SparsityPlan plan, int batch, int sequence, ComputeDevice? device = null)
    {
        FlopCount forward = OfForwardPass(model, plan, batch, sequence);
        double filled = device is null ? 0 : plan.Weights.Sum(weight => ZerosComputed(weight, batch * sequence, device));
        return new FlopCount(3 * forward.Dense, (3 * forward.Executed) + filled);
    }

    private static double ZerosComputed(WeightSparsity weight, int tokens, ComputeDevice device) =>
        2.0 * tokens * (weight.Total - weight.Kept)
            * Enum.GetValues<SparseProduct>().Count(product => device.ComputesDense(product, weight.Shape[0], weight.Shape[1], weight.Kept, tokens));
}
