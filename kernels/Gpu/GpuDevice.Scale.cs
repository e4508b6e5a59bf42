using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Multiplication by a number.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void ScaleCore(in DeviceMatrix x, float factor)
    {
        int vectors = VectorsOf(x.Columns);
        LaunchLinear(x.Rows * vectors, new ScaleKernel(Vectors(x), factor, x.Rows * vectors, vectors));
    }
}

/// <summary>x = factor x.</summary>
internal readonly struct ScaleKernel(VectorMatrix x, float factor, int count, int vectors) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            x[row, vector] = factor * x[row, vector];
        }
    }
}
