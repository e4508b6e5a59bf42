using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>Floating-point operations of each training step of a run whose masks may change.</summary>
/// <remarks>
/// A step counts the non-zeros that its weights have, and one after which masks change by gradients the dense gradients of those weights.
/// </remarks>
/// <param name="model">The model.</param>
/// <param name="plan">Its sparse weights, from the beginning of the run.</param>
/// <param name="batch">Sequences in a step.</param>
/// <param name="sequence">Tokens in a sequence.</param>
/// <param name="attention">Which query-key pairs of a sequence count.</param>
/// <param name="device">What computes the steps; null counts non-zeros only.</param>
/// <param name="microBatches">Passes that a step is computed in.</param>
public sealed class StepFlops(
    ModelParameters model, SparsityPlan plan, int batch, int sequence, AttentionCounting attention = AttentionCounting.Causal,
    ComputeDevice? device = null, int microBatches = 1)
{
    private SparsityPlan current = SparsityPlan.Dense;
    private FlopCount count;

    // Steps done from which, and until which, the count holds.
    private int from = -1;
    private int until = -1;

    /// <summary>The operations of one step.</summary>
    /// <param name="step">1 for the first.</param>
    public FlopCount Of(int step)
    {
        FlopCount plain = Plain(step);
        return step == until ? plain with { Executed = plain.Executed + DenseGradients(step) } : plain;
    }

    /// <summary>
    /// What gradients of all elements cost beyond those of the non-zeros in a step after which masks change by them; 0 in other steps.
    /// </summary>
    /// <param name="step">1 for the first.</param>
    public double DenseGradientsOf(int step)
    {
        Plain(step);
        return step == until ? DenseGradients(step) : 0;
    }

    /// <summary>The operations of all steps up to one, of a device that computes non-zeros only.</summary>
    /// <param name="lastStep">The last one; 1 for the first.</param>
    public FlopCount Until(int lastStep)
    {
        FlopCount step = FlopCount.OfTrainingStep(model, plan, batch, sequence, attention);
        if (!plan.IsDynamic)
        {
            return step.Times(lastStep);
        }

        RunElements elements = RunElements.Of(plan, lastStep);
        double whole = lastStep * step.Dense;
        return new FlopCount(whole, whole - (3 * PerElement * elements.Dead) + (PerElement * elements.DeadWithGradient));
    }

    /// <summary>The sum of <see cref="DenseGradientsOf"/> over all steps up to one, of a device that computes non-zeros only.</summary>
    /// <param name="lastStep">The last one; 1 for the first.</param>
    public double DenseGradientsUntil(int lastStep) => PerElement * RunElements.Of(plan, lastStep).DeadWithGradient;

    private double PerElement => 2.0 * batch * sequence;

    /// <summary>A step's operations but dense gradients.</summary>
    private FlopCount Plain(int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        int done = step - 1;
        if (from < 0 || done < from || done >= until)
        {
            current = plan.After(done);
            count = FlopCount.OfTrainingStep(model, current, batch, sequence, attention, device, microBatches);
            from = done;
            until = plan.NextChangeAfter(done) ?? int.MaxValue;
        }

        return count;
    }

    /// <summary>What gradients of all elements cost beyond those of the non-zeros, where the device does not compute them all anyway.</summary>
    private double DenseGradients(int step)
    {
        int passTokens = batch / microBatches * sequence;
        return current.Weights
            .Where(
                weight => weight.Dynamic is { } dynamic && dynamic.ChangesAfter(step) && SparsityAlgorithms.Of(dynamic.Algorithm).NeedsDenseGradient)
            .Where(weight => weight.Kept < weight.Total && !IsComputedDensely(weight))
            .Sum(weight => PerElement * (weight.Total - weight.Kept));

        bool IsComputedDensely(WeightSparsity weight) =>
            device?.ComputesDense(SparseProduct.Sddmm, weight.Shape[0], weight.Shape[1], weight.Kept, passTokens, weight.BlockRows) ?? false;
    }
}
