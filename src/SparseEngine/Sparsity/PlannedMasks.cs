using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>The masks of a training run: the sparsity plan applied to the weights it starts from.</summary>
/// <param name="device">Where they are chosen.</param>
/// <param name="plan">The plan.</param>
/// <param name="dumpDirectory">Where each mask is also written as a .npy file; null for nowhere.</param>
internal sealed class PlannedMasks(ComputeDevice device, SparsityPlan plan, string? dumpDirectory = null)
{
    private readonly Dictionary<int, WeightSparsity> byIndex = plan.Weights.ToDictionary(weight => weight.Index);

    private readonly List<(string Name, int NaNs)> unplanned = [];

    /// <summary>The parameters that the plan leaves dense and that have NaN values, with their number: they cannot be trained.</summary>
    public IReadOnlyList<(string Name, int NaNs)> Unplanned => unplanned;

    /// <summary>The kept elements of a planned weight; every element of another.</summary>
    public bool[]? Select(int index, NamedShape parameter, ReadOnlySpan<float> dense)
    {
        if (byIndex.TryGetValue(index, out WeightSparsity? weight))
        {
            bool[] keep = SelectOnDevice(weight, dense);
            if (dumpDirectory is not null)
            {
                NumpyFile.Write(Path.Combine(dumpDirectory, $"{parameter.Name}.npy"), parameter.Shape, keep);
            }

            return keep;
        }

        int nans = CountNaNs(dense);
        if (nans > 0)
        {
            unplanned.Add((parameter.Name, nans));
        }

        return null;
    }

    /// <summary>The mask a checkpoint's linear weights carry themselves: what is finite is kept.</summary>
    public static bool[]? SelectFinite(int index, NamedShape parameter, ReadOnlySpan<float> dense)
    {
        if (!parameter.IsLinearWeight)
        {
            return null;
        }

        bool[] keep = new bool[dense.Length];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = float.IsFinite(dense[i]);
        }

        return keep;
    }

    private bool[] SelectOnDevice(WeightSparsity weight, ReadOnlySpan<float> dense)
    {
        using DeviceBuffer<float> elements = device.Allocate<float>(dense.Length);
        using DeviceBuffer<byte> flags = device.Allocate<byte>(dense.Length);
        elements.CopyFrom(dense);
        device.SelectMask(MaskSelector.Arguments(weight), elements, flags);
        bool[] keep = new bool[dense.Length];
        flags.CopyTo(MemoryMarshal.Cast<bool, byte>(keep.AsSpan()));
        return keep;
    }

    private static int CountNaNs(ReadOnlySpan<float> dense)
    {
        int count = 0;
        foreach (float value in dense)
        {
            count += float.IsNaN(value) ? 1 : 0;
        }

        return count;
    }
}
