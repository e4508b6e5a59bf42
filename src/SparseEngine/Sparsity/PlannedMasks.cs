using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>The masks of a training run: the sparsity plan applied to the weights it starts from, on the device that holds them.</summary>
/// <param name="device">Where they are chosen.</param>
/// <param name="plan">The plan.</param>
/// <param name="dumpDirectory">Where each mask is also written as a .npy file; null for nowhere.</param>
internal sealed class PlannedMasks(ComputeDevice device, SparsityPlan plan, string? dumpDirectory = null) : IMaskSelection
{
    private readonly Dictionary<int, WeightSparsity> byIndex = plan.Weights.ToDictionary(weight => weight.Index);

    private readonly List<(string Name, int NaNs)> unplanned = [];

    /// <summary>The parameters that the plan leaves dense and that have NaN values, with their number: they cannot be trained.</summary>
    public IReadOnlyList<(string Name, int NaNs)> Unplanned => unplanned;

    /// <inheritdoc/>
    public DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight)
    {
        if (!byIndex.TryGetValue(index, out WeightSparsity? planned))
        {
            NoteNaNs(parameter, weight.Elements);
            return null;
        }

        DeviceBuffer<byte> keep = device.Allocate<byte>(weight.Elements.Length);
        device.SelectMask(MaskSelector.Arguments(planned), weight.OnDevice, keep);
        if (dumpDirectory is not null)
        {
            bool[] flags = new bool[keep.Length];
            keep.CopyTo(MemoryMarshal.Cast<bool, byte>(flags.AsSpan()));
            NumpyFile.Write(Path.Combine(dumpDirectory, $"{parameter.Name}.npy"), parameter.Shape, flags);
        }

        if (planned.Kept < planned.Total)
        {
            return keep;
        }

        keep.Dispose();
        return null;
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
