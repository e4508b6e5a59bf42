using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>A bias and its gradient.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void AddBiasCore(in DeviceMatrix y, DeviceBuffer<float> bias)
    {
        VectorMatrix output = Vectors(y);
        int vectors = VectorsOf(y.Columns);
        LaunchLinear(y.Rows * vectors, new AddBiasKernel(output, View(bias), y.Rows * vectors, vectors));
    }

    /// <inheritdoc/>
    private protected override void RowSumsCore(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate)
    {
        VectorMatrix input = Vectors(dy);
        LaunchGroups(dy.Rows, new RowSumsKernel(input, dy.Columns, View(sums), accumulate ? 1 : 0));
    }
}

/// <summary>y[f, t] += bias[f].</summary>
internal readonly struct AddBiasKernel(VectorMatrix y, ArrayView<float> bias, int count, int vectors) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            y[row, vector] += Float4.Broadcast(bias[row]);
        }
    }
}

/// <summary>sums[f] = sum over tokens of dy[f, t]; a group for each row.</summary>
internal readonly struct RowSumsKernel(VectorMatrix dy, int tokens, ArrayView<float> sums, int accumulate) : IKernel
{
    public void Invoke()
    {
        int row = Grid.IdxX;
        BlockedSum sum = default;
        for (int vector = Group.IdxX; vector * Float4.Width < tokens; vector += Group.DimX)
        {
            sum.Add(Float4.Keep(dy[row, vector], tokens - (vector * Float4.Width)));
        }

        float total = GroupSum.Of(sum.Total.Sum);
        if (Group.IdxX == 0)
        {
            sums[row] = accumulate != 0 ? sums[row] + total : total;
        }
    }
}
