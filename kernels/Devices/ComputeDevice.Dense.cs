using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>The dense product, and a layer's bias.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Dense product C = A B in the given layout. B is activations; A and C may be weights, without padding.</summary>
    public void Gemm(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate)
    {
        if (layout is < GemmLayout.Normal or > GemmLayout.TransposedB)
        {
            throw new ArgumentOutOfRangeException(nameof(layout), layout, "not a layout");
        }

        (int rows, int depth) = layout == GemmLayout.TransposedA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        (int depthOfB, int columns) = layout == GemmLayout.TransposedB ? (b.Columns, b.Rows) : (b.Rows, b.Columns);
        if (depthOfB != depth || c.Rows != rows || c.Columns != columns)
        {
            throw new ArgumentException(
                $"{layout}: A {a.Rows} x {a.Columns}, B {b.Rows} x {b.Columns} and C {c.Rows} x {c.Columns} do not fit", nameof(c));
        }

        RequireMatrix(a);
        RequireActivations(b);
        RequireMatrix(c);
        long start = Begin();
        GemmCore(layout, a, b, c, accumulate);
        Done()?.Add("GEMM", OperationKind.Linear, start, 2.0 * rows * columns * depth, (rows, columns, depth));
    }

    /// <summary>y[f, t] += bias[f].</summary>
    public void AddBias(in DeviceMatrix y, DeviceBuffer<float> bias)
    {
        RequireActivations(y);
        RequireLength(bias, y.Rows);
        long start = Begin();
        AddBiasCore(y, bias);
        Done()?.Add("bias", OperationKind.Linear, start, 0, (y.Rows, y.Columns, 0));
    }

    /// <summary>sums[f] = sum over tokens of dy[f, t]: the gradient of a bias.</summary>
    public void RowSums(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate)
    {
        RequireActivations(dy);
        RequireLength(sums, dy.Rows);
        long start = Begin();
        RowSumsCore(dy, sums, accumulate);
        Done()?.Add("bias gradient", OperationKind.Linear, start, 0, (dy.Rows, dy.Columns, 0));
    }

    private protected abstract void GemmCore(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate);

    private protected abstract void AddBiasCore(in DeviceMatrix y, DeviceBuffer<float> bias);

    private protected abstract void RowSumsCore(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate);
}
