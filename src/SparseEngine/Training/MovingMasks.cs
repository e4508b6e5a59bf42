using System.Collections.Immutable;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>Changes the masks of a run's weights after the steps that their schedules name.</summary>
/// <remarks>
/// Weights are updated side by side where the device can, or one after the other in blocks of rows where they are few or large. A weight's dense
/// gradient exists from the beginning of the step until its mask is chosen; besides it an update needs what one weight takes: a float and a byte for
/// each of its elements.
/// </remarks>
internal sealed class MovingMasks
{
    private readonly ComputeDevice device;
    private readonly ImmutableArray<MovingMask> masks;

    /// <param name="device">Where the weights are.</param>
    /// <param name="plan">The sparse weights.</param>
    /// <param name="parameters">The model's parameters.</param>
    /// <param name="lived">The places of each dynamic weight that have been alive so far, by its index.</param>
    public MovingMasks(ComputeDevice device, SparsityPlan plan, ParameterSet parameters, IReadOnlyDictionary<int, LivedPlaces> lived)
    {
        this.device = device;
        masks =
        [
            .. plan.Weights.Where(weight => weight.Dynamic is not null)
                .Select(weight => new MovingMask(device, weight, parameters[weight.Index], lived[weight.Index])),
        ];
    }

    /// <summary>Whether masks change after a number of steps. Asked after every step, so it allocates nothing.</summary>
    public bool ChangeAfter(int step)
    {
        foreach (MovingMask mask in masks)
        {
            if (mask.ChangesAfter(step))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Before the gradients of a step: has those collected that the update after it needs.</summary>
    /// <param name="step">Optimizer steps done, that one included.</param>
    public void Prepare(int step)
    {
        foreach (MovingMask mask in masks)
        {
            if (mask.ChangesAfter(step))
            {
                mask.Prepare();
            }
        }
    }

    /// <summary>Changes the masks that are due.</summary>
    /// <param name="step">Optimizer steps done.</param>
    public MaskUpdateMetrics Update(int step)
    {
        ImmutableArray<MovingMask> due = [.. masks.Where(mask => mask.ChangesAfter(step))];
        WeightMaskMetrics[] changes = new WeightMaskMetrics[due.Length];
        foreach (MovingMask mask in due)
        {
            mask.ReleaseGradient();
        }

        device.ForEach([.. due.Select(mask => mask.Elements)], index => changes[index] = due[index].Update(step));
        return new MaskUpdateMetrics(step, [.. changes]);
    }

    /// <summary>
    /// Brings all masks to the levels that they have after a number of steps, whatever lies between; by magnitude, where no gradient is there.
    /// </summary>
    /// <param name="step">Optimizer steps done.</param>
    public void MoveTo(int step)
    {
        foreach (MovingMask mask in masks)
        {
            if (mask.LastChangeUntil(step) is { } update)
            {
                mask.ReleaseGradient();
                mask.Update(update);
            }
        }
    }

    /// <summary>
    /// What puts the mark of places that have lived on the dead places of a weight, in its elements as a checkpoint holds them; null where its mask
    /// does not change.
    /// </summary>
    public Action<Span<float>>? MarkLived(Parameter parameter) =>
        masks.FirstOrDefault(mask => mask.IsOf(parameter)) is { } mask ? mask.MarkLived : null;
}

/// <summary>One weight whose mask changes.</summary>
internal sealed class MovingMask(ComputeDevice device, WeightSparsity weight, Parameter parameter, LivedPlaces lived)
{
    private readonly ISparsityAlgorithm algorithm = SparsityAlgorithms.Of(weight.Dynamic!.Algorithm);

    /// <summary>The weight's elements.</summary>
    public long Elements => weight.Total;

    public bool IsOf(Parameter other) => parameter == other;

    public bool ChangesAfter(int step) => weight.Dynamic!.ChangesAfter(step);

    public int? LastChangeUntil(int step) => weight.Dynamic!.Updates.LastUntil(step) is > 0 and int update ? update : null;

    public void MarkLived(Span<float> dense) => lived.Mark(dense);

    public void Prepare()
    {
        if (algorithm.NeedsDenseGradient)
        {
            parameter.CollectDenseGradient();
        }
    }

    /// <summary>Makes room for the update: the optimizer has used the gradient of the stored elements.</summary>
    public void ReleaseGradient()
    {
        if (!algorithm.NeedsDenseGradient || parameter.DenseGradient is not null)
        {
            parameter.ReleaseGradient();
        }
    }

    /// <summary>Changes the mask.</summary>
    public WeightMaskMetrics Update(int step)
    {
        (int rows, int columns) = (parameter.Shape[0], parameter.Shape[1]);
        CsrPattern? before = parameter.Pattern?.Csr;
        long aliveBefore = before?.NonZeros ?? weight.Total;
        CsrPattern? after = Choose(weight.After(step), step, rows, columns);
        parameter.Rewire(after);
        long staying = Compare(before, after, rows, columns);

        // The old pattern goes before the next weight makes its new one: all of them together are as large as a sparse model.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        long alive = after?.NonZeros ?? weight.Total;
        return new WeightMaskMetrics(weight.Name, weight.Total, alive, alive - staying, aliveBefore - staying, lived.Count);
    }

    /// <summary>Notes what is alive, and counts what was before.</summary>
    private long Compare(CsrPattern? before, CsrPattern? after, int rows, int columns)
    {
        long staying = 0;
        device.ForRanges(rows, LivedPlaces.RowStep, (first, end) =>
        {
            lived.Add(after, first, end, columns);
            Interlocked.Add(ref staying, MaskChange.Common(before, after, first, end, columns));
        });
        return staying;
    }

    private CsrPattern? Choose(WeightSparsity target, int step, int rows, int columns)
    {
        DeviceBuffer<float>? gradient = algorithm.NeedsDenseGradient ? parameter.TakeDenseGradient() : null;

        // A step without labels has no gradient to go by: then nothing is dropped that the level does not demand.
        ISparsityAlgorithm chosen = algorithm.NeedsDenseGradient && gradient is null ? new GradualMagnitudePruning() : algorithm;
        using DeviceBuffer<byte> keep = device.Allocate<byte>(rows * columns);
        using (DeviceBuffer<float> scores = gradient ?? device.Allocate<float>(rows * columns))
        {
            device.UpdateMask(chosen.Update(target, step), parameter.Pattern, rows, columns, parameter.Values, scores, keep);
        }

        return target.Kept == target.Total ? null : device.Compress(keep, rows, columns);
    }
}
