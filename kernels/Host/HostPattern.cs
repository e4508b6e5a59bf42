using System.Buffers;
using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A pattern as the host's sparse kernels walk it: the non-zeros of W and of its transpose, each in firing order.</summary>
internal sealed class HostPattern : SparsePattern
{
    /// <param name="csr">The pattern.</param>
    /// <param name="rows">The rows' partition.</param>
    /// <param name="columns">The columns' partition.</param>
    /// <param name="stripTokens">Tokens in a strip of a packed tile of activations.</param>
    public HostPattern(CsrPattern csr, RowPartition rows, RowPartition columns, int stripTokens)
        : base(csr)
    {
        int[] permutation = ArrayPool<int>.Shared.Rent(csr.NonZeros);
        CsrPattern transposed = Transpose(csr, permutation);
        Forward = new FiringOrder(csr, rows, stripTokens);
        Transposed = new FiringOrder(transposed, columns, stripTokens);
        int[] sources = ArrayPool<int>.Shared.Rent(csr.NonZeros);
        for (int block = 0; block < columns.Blocks; block++)
        {
            Transposed.Walk(block, new CopyPieces<int>(permutation, sources));
        }

        TransposedGather = new TransposedGather(csr, Transposed, sources.AsSpan(0, csr.NonZeros));
        ArrayPool<int>.Shared.Return(permutation);
        ArrayPool<int>.Shared.Return(sources);
        StripTokens = stripTokens;
    }

    /// <summary>Tokens in a strip of a packed tile.</summary>
    public int StripTokens { get; }

    /// <summary>The rows of W: output features.</summary>
    public FiringOrder Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public FiringOrder Transposed { get; }

    /// <summary>How values of W come into the transpose's firing order.</summary>
    public TransposedGather TransposedGather { get; }

    /// <inheritdoc/>
    public override long Bytes => Forward.Bytes + Transposed.Bytes + TransposedGather.Bytes;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    // A counting sort by column: rows are visited in order, so they ascend within each column.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static CsrPattern Transpose(CsrPattern csr, Span<int> permutation)
    {
        int[] pointers = csr.ColumnPointers();
        int[] next = pointers[..^1];
        int[] rows = new int[csr.NonZeros];
        ReadOnlySpan<int> rowPointers = csr.RowPointers;
        ReadOnlySpan<int> columns = csr.Columns;
        for (int row = 0; row < csr.Rows; row++)
        {
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                int to = next[columns[p]]++;
                rows[to] = row;
                permutation[to] = p;
            }
        }

        return new CsrPattern(csr.ColumnCount, csr.Rows, pointers, rows);
    }
}
