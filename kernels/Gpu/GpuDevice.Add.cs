using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>The residual sum.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void AddCore(in DeviceMatrix x, in DeviceMatrix y)
    {
        VectorMatrix input = Vectors(x);
        VectorMatrix output = Vectors(y);
        int vectors = VectorsOf(y.Columns);
        LaunchLinear(y.Rows * vectors, new AddKernel(input, output, y.Rows * vectors, vectors));
    }
}

/// <summary>y = x + y.</summary>
internal readonly struct AddKernel(VectorMatrix x, VectorMatrix y, int count, int vectors) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            y[row, vector] = x[row, vector] + y[row, vector];
        }
    }
}
