using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// A layer's weight W [rows, columns] with random zeros, in blocks of so many rows x 1 column, activations, and its three products on any device.
/// </summary>
internal sealed class LayerProducts : IDisposable
{
    private readonly ComputeDevice device;
    private readonly CsrMatrix weight;
    private readonly DeviceMatrix dense;
    private readonly DeviceMatrix x;
    private readonly DeviceMatrix y;
    private readonly DeviceMatrix dx;
    private readonly DeviceBuffer<float> gradient;

    public LayerProducts(ComputeDevice device, int rows, int columns, int tokens, double zeros, int blockRows = 1)
    {
        this.device = device;
        (Rows, Columns, Tokens) = (rows, columns, tokens);
        Random random = new(1234);
        bool[] keep = new bool[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                int i = (row * columns) + column;
                keep[i] = row % blockRows == 0 ? random.NextDouble() >= zeros : keep[i - columns];
            }
        }

        CsrPattern csr = CsrPattern.FromMask(rows, columns, keep);
        weight = new CsrMatrix(
            device.Prepare(
                csr, RowPartition.EqualNonZeros(csr.RowPointers, device.Cores), RowPartition.EqualNonZeros(csr.ColumnPointers(), device.Cores)),
            Operands.Random(device.Allocate<float>(csr.NonZeros), random));
        gradient = device.Allocate<float>(csr.NonZeros);
        dense = DeviceMatrix.Dense(Operands.Random(device.Allocate<float>(rows * columns), random), rows, columns);
        x = Operands.Random(device.AllocateActivations(columns, tokens), random);
        y = Operands.Random(device.AllocateActivations(rows, tokens), random);
        dx = device.AllocateActivations(columns, tokens);
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Tokens { get; }

    /// <summary>Floating-point operations of a dense product.</summary>
    public double DenseFlops => 2.0 * Rows * Columns * Tokens;

    /// <summary>The sparse product.</summary>
    public void Sparse(SparseProduct product)
    {
        switch (product)
        {
            case SparseProduct.Spmm:
                device.Spmm(weight, x, y, null);
                break;
            case SparseProduct.SpmmTransposed:
                device.SpmmTransposed(weight, y, dx, accumulate: false);
                break;
            default:
                device.Sddmm(weight.Pattern, y, x, gradient, accumulate: false);
                break;
        }
    }

    /// <summary>The dense product of the same shape.</summary>
    public void Dense(SparseProduct product)
    {
        switch (product)
        {
            case SparseProduct.Spmm:
                device.Gemm(GemmLayout.Normal, dense, x, y, accumulate: false);
                break;
            case SparseProduct.SpmmTransposed:
                device.Gemm(GemmLayout.TransposedA, dense, y, dx, accumulate: false);
                break;
            default:
                device.Gemm(GemmLayout.TransposedB, y, x, dense, accumulate: false);
                break;
        }
    }

    public void Dispose()
    {
        weight.Pattern.Dispose();
        foreach (IDisposable buffer in new IDisposable[] { weight.Values, gradient, dense.Buffer, x.Buffer, y.Buffer, dx.Buffer })
        {
            buffer.Dispose();
        }
    }
}
