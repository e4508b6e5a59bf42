using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>The masks that a checkpoint's weights carry themselves: what is finite is kept.</summary>
internal sealed class StoredMasks : IMaskSelection
{
    /// <inheritdoc/>
    public DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight) =>
        parameter.CanBeSparse && HasSparsePlaces(weight.Elements) ? weight.Upload(Finite(weight.Elements)) : null;

    /// <summary>Whether some elements are not finite.</summary>
    public static bool HasSparsePlaces(ReadOnlySpan<float> elements) => CountFinite(elements) < elements.Length;

    /// <summary>The number of elements that are finite.</summary>
    public static int CountFinite(ReadOnlySpan<float> elements)
    {
        int count = 0;
        foreach (float element in elements)
        {
            count += float.IsFinite(element) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Flags the elements that are finite.</summary>
    public static bool[] Finite(ReadOnlySpan<float> elements)
    {
        bool[] keep = new bool[elements.Length];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = float.IsFinite(elements[i]);
        }

        return keep;
    }
}
