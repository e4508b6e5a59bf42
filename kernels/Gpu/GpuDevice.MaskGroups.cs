using System.Runtime.InteropServices;
using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Masks of weights in groups, which the host chooses: they are few, and rare.</content>
internal sealed partial class GpuDevice
{
    private void SelectInGroups(in MaskArguments arguments, int rows, int columns, ArrayView<float> weight, ArrayView<byte> keep)
    {
        float[] elements = Downloaded(weight);
        byte[] flags = new byte[elements.Length];
        arguments.Select(rows, columns, elements, new float[elements.Length], MemoryMarshal.Cast<byte, bool>(flags.AsSpan()));
        Uploads.Copy<byte>(flags, keep);
    }

    private void UpdateInGroups(
        in MaskUpdate update, CsrPattern? pattern, int rows, int columns, ArrayView<float> values, ArrayView<float> scores, ArrayView<byte> keep)
    {
        float[] alive = Downloaded(values);
        float[] gradient = update.Growth == MaskGrowth.Gradient ? Downloaded(scores) : new float[rows * columns];
        byte[] flags = new byte[rows * columns];
        update.Select(pattern, rows, columns, alive, gradient, MemoryMarshal.Cast<byte, bool>(flags.AsSpan()));
        Uploads.Copy<byte>(flags, keep);
    }

    private T[] Downloaded<T>(ArrayView<T> source)
        where T : unmanaged
    {
        T[] elements = new T[source.Length];
        if (elements.Length > 0)
        {
            Download<T>(source, elements);
        }

        return elements;
    }
}
