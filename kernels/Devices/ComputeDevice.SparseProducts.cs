using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <content>The products of a sparse weight.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Prepares a pattern for <see cref="Spmm"/>, <see cref="SpmmTransposed"/> and <see cref="Sddmm"/>.</summary>
    /// <param name="csr">The pattern.</param>
    /// <param name="rows">How the rows are shared out to the cores, for Spmm and Sddmm.</param>
    /// <param name="columns">How the columns are shared out to the cores, for SpmmTransposed.</param>
    public SparsePattern Prepare(CsrPattern csr, RowPartition rows, RowPartition columns)
    {
        ArgumentNullException.ThrowIfNull(csr);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(columns);
        if (rows.Boundaries[^1] != csr.Rows || columns.Boundaries[^1] != csr.ColumnCount)
        {
            throw new ArgumentException($"the partitions must cover {csr.Rows} rows and {csr.ColumnCount} columns");
        }

        return PrepareCore(csr, rows, columns);
    }

    /// <summary>
    /// Whether a product of a sparse weight [rows, columns] is computed as a dense one, zeros filled in, because that is faster or asked for.
    /// </summary>
    /// <param name="product">The product.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    /// <param name="nonZeros">The weight's non-zeros.</param>
    /// <param name="tokens">Columns of the activations.</param>
    /// <param name="blockRows">Rows of the weight that share their zeros.</param>
    public virtual bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens, int blockRows = 1) => false;

    /// <summary>
    /// Sparse times dense: y = W x, plus <paramref name="bias"/>[row] where one is given. W [out, in], x [in, tokens], y [out, tokens].
    /// </summary>
    public void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        RequireWeight(weight);
        RequireActivations(x, weight.Columns, x.Columns);
        RequireActivations(y, weight.Rows, x.Columns);
        if (bias is not null)
        {
            RequireLength(bias, weight.Rows);
        }

        long start = Begin();
        SpmmCore(weight, x, y, bias);
        Done()?.Add(
            "SpMM", OperationKind.Linear, start, Flops(SparseProduct.Spmm, weight.Pattern, x.Columns), (weight.Rows, weight.Columns, x.Columns));
    }

    /// <summary>Transposed sparse times dense: dx = W^T dy. W [out, in], dy [out, tokens], dx [in, tokens].</summary>
    public void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        RequireWeight(weight);
        RequireActivations(dy, weight.Rows, dy.Columns);
        RequireActivations(dx, weight.Columns, dy.Columns);
        long start = Begin();
        SpmmTransposedCore(weight, dy, dx, accumulate);
        Done()?.Add(
            "transposed SpMM", OperationKind.Linear, start, Flops(SparseProduct.SpmmTransposed, weight.Pattern, dy.Columns),
            (weight.Rows, weight.Columns, dy.Columns));
    }

    /// <summary>
    /// Sampled dense-dense product: gradient[p] = sum over tokens of dy[row(p), t] x[column(p), t] for each non-zero p of the pattern.
    /// </summary>
    public void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        RequireActivations(dy, pattern.Csr.Rows, x.Columns);
        RequireActivations(x, pattern.Csr.ColumnCount, x.Columns);
        RequireLength(gradient, pattern.Csr.NonZeros);
        long start = Begin();
        SddmmCore(pattern, dy, x, gradient, accumulate);
        Done()?.Add("SDDMM", OperationKind.Linear, start, Flops(SparseProduct.Sddmm, pattern, x.Columns), (dy.Rows, x.Rows, x.Columns));
    }

    private protected abstract SparsePattern PrepareCore(CsrPattern csr, RowPartition rows, RowPartition columns);

    private protected abstract void SpmmCore(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias);

    private protected abstract void SpmmTransposedCore(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate);

    private protected abstract void SddmmCore(
        SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate);

    private static void RequireWeight(in CsrMatrix weight)
    {
        ArgumentNullException.ThrowIfNull(weight.Pattern, nameof(weight));
        RequireLength(weight.Values, weight.Pattern.Csr.NonZeros, nameof(weight));
    }

    private double Flops(SparseProduct product, SparsePattern pattern, int tokens)
    {
        CsrPattern csr = pattern.Csr;
        bool dense = ComputesDense(product, csr.Rows, csr.ColumnCount, csr.NonZeros, tokens, pattern.BlockRows);
        return 2.0 * tokens * (dense ? (double)csr.Rows * csr.ColumnCount : csr.NonZeros);
    }
}
