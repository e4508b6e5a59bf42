using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>The masks of a training run: the sparsity plan applied to the weights it starts from, on the device that holds them.</summary>
/// <param name="device">Where they are chosen.</param>
/// <param name="plan">The plan, from the beginning of the run.</param>
/// <param name="step">Optimizer steps that the weights have behind them in this run.</param>
/// <param name="dumpDirectory">Where each mask is also written as a .npy file; null for nowhere.</param>
internal sealed class PlannedMasks(ComputeDevice device, SparsityPlan plan, int step = 0, string? dumpDirectory = null) : IMaskSelection
{
    private readonly Dictionary<int, WeightSparsity> byIndex = plan.Weights.ToDictionary(weight => weight.Index);

    private readonly List<(string Name, int NaNs)> unplanned = [];
    private readonly Dictionary<int, long> found = [];
    private readonly Dictionary<int, LivedPlaces> lived = [];

    /// <summary>The parameters that the plan leaves dense and that have NaN values, with their number: they cannot be trained.</summary>
    public IReadOnlyList<(string Name, int NaNs)> Unplanned => unplanned;

    /// <summary>What masks keep of weights, by their indices, where only the weights could tell.</summary>
    public IReadOnlyDictionary<int, long> Found => found;

    /// <summary>The places that have been alive so far of weights whose masks change, by their indices.</summary>
    public IReadOnlyDictionary<int, LivedPlaces> Lived => lived;

    /// <inheritdoc/>
    public DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight)
    {
        if (!byIndex.TryGetValue(index, out WeightSparsity? fromBeginning))
        {
            NoteNaNs(parameter, weight.Elements);
            return null;
        }

        WeightSparsity planned = fromBeginning.After(step);
        DeviceBuffer<byte> keep = Choose(planned, weight);
        bool[] flags = [];
        if (dumpDirectory is not null || planned.Dynamic is not null || !MaskSelector.IsScored(planned.Method))
        {
            flags = new bool[keep.Length];
            keep.CopyTo(MemoryMarshal.Cast<bool, byte>(flags.AsSpan()));
        }

        if (dumpDirectory is not null)
        {
            NumpyFile.Write(Path.Combine(dumpDirectory, $"{parameter.Name}.npy"), parameter.Shape, flags);
        }

        long kept = MaskSelector.IsScored(planned.Method) ? planned.Kept : flags.Count(true);
        Note(planned, weight.Elements, flags, kept);
        if (kept < planned.Total)
        {
            return keep;
        }

        keep.Dispose();
        return null;
    }

    private DeviceBuffer<byte> Choose(WeightSparsity planned, DenseWeight weight)
    {
        if (StartingMask.Marked(planned, step, weight.Elements) is { } marked)
        {
            return weight.Upload(marked);
        }

        planned = StartingMask.Ranked(planned);
        DeviceBuffer<byte> keep = device.Allocate<byte>(weight.Elements.Length);
        device.SelectMask(MaskSelector.Arguments(planned), planned.Rows, planned.Columns, weight.OnDevice, keep);
        return keep;
    }

    private void Note(WeightSparsity planned, ReadOnlySpan<float> elements, bool[] flags, long kept)
    {
        if (!MaskSelector.IsScored(planned.Method))
        {
            found[planned.Index] = kept;
        }

        if (planned.Dynamic is not null)
        {
            LivedPlaces places = new(elements.Length);
            places.Add(flags);
            if (step > 0)
            {
                places.AddStored(elements);
            }

            lived[planned.Index] = places;
        }
    }

    private void NoteNaNs(NamedShape parameter, ReadOnlySpan<float> elements)
    {
        int count = 0;
        foreach (float value in elements)
        {
            count += float.IsNaN(value) ? 1 : 0;
        }

        if (count > 0)
        {
            unplanned.Add((parameter.Name, count));
        }
    }
}
