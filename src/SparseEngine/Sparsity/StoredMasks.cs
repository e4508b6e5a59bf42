using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>The masks that a checkpoint's weights carry themselves: what is finite is kept.</summary>
internal sealed class StoredMasks : IMaskSelection
{
    /// <inheritdoc/>
    public DeviceBuffer<byte>? Select(int index, NamedShape parameter, DenseWeight weight)
    {
        ReadOnlySpan<float> elements = weight.Elements;
        if (!parameter.CanBeSparse || !HasSparsePlaces(elements))
        {
            return null;
        }

        bool[] keep = new bool[elements.Length];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = float.IsFinite(elements[i]);
        }

        return weight.Upload(keep);
    }

    private static bool HasSparsePlaces(ReadOnlySpan<float> elements)
    {
        foreach (float element in elements)
        {
            if (!float.IsFinite(element))
            {
                return true;
            }
        }

        return false;
    }
}
