using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A pattern in an accelerator's memory: the rows of W and of its transpose.</summary>
internal sealed class GpuPattern : SparsePattern
{
    private readonly GpuBuffer<int> permutation;
    private readonly GpuBuffer<int> segmentStarts;
    private readonly GpuBuffer<int> segmentRows;
    private readonly GpuBuffer<int> segmentBoundaries;

    public GpuPattern(GpuDevice device, CsrPattern csr, RowPartition rows, RowPartition columns)
        : base(csr)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(columns);
        if (rows.Boundaries[^1] != csr.Rows || columns.Boundaries[^1] != csr.ColumnCount)
        {
            throw new ArgumentException($"the partitions must cover {csr.Rows} rows and {csr.ColumnCount} columns");
        }

        CsrPattern transposed = Transpose(csr, out int[] positions);
        Device = device;
        Forward = new GpuRows(device, csr, rows);
        Transposed = new GpuRows(device, transposed, columns);
        permutation = Upload(device, positions);
        (List<int> starts, List<int> startRows, int[] boundaries) = Segments(csr, rows);
        segmentStarts = Upload(device, [.. starts]);
        segmentRows = Upload(device, [.. startRows]);
        segmentBoundaries = Upload(device, boundaries);
    }

    /// <summary>The device that prepared the pattern.</summary>
    public GpuDevice Device { get; }

    /// <summary>The rows of W: output features.</summary>
    public GpuRows Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public GpuRows Transposed { get; }

    /// <summary>For each non-zero of the transpose, its position in the values of W.</summary>
    public ArrayView<int> Permutation => permutation.View;

    /// <summary>Where runs of at most <see cref="SddmmKernel.SegmentLength"/> non-zeros of one row start.</summary>
    public ArrayView<int> SegmentStarts => segmentStarts.View;

    /// <summary>The row of each run.</summary>
    public ArrayView<int> SegmentRows => segmentRows.View;

    /// <summary>The runs of row block b are [SegmentBoundaries[b], SegmentBoundaries[b + 1]).</summary>
    public ArrayView<int> SegmentBoundaries => segmentBoundaries.View;

    /// <inheritdoc/>
    public override long Bytes =>
        Forward.Bytes + Transposed.Bytes + (sizeof(int) * ((long)permutation.Length + segmentStarts.Length + segmentRows.Length + segmentBoundaries.Length));

    /// <summary>A buffer with these contents.</summary>
    public static GpuBuffer<int> Upload(GpuDevice device, ReadOnlySpan<int> values)
    {
        GpuBuffer<int> buffer = new(device, values.Length);
        buffer.CopyFrom(values);
        return buffer;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forward.Dispose();
            Transposed.Dispose();
            permutation.Dispose();
            segmentStarts.Dispose();
            segmentRows.Dispose();
            segmentBoundaries.Dispose();
        }
    }

    // A counting sort by column: rows are visited in order, so they ascend within each column.
    private static CsrPattern Transpose(CsrPattern csr, out int[] permutation)
    {
        int[] pointers = new int[csr.ColumnCount + 1];
        foreach (int column in csr.Columns)
        {
            pointers[column + 1]++;
        }

        for (int column = 0; column < csr.ColumnCount; column++)
        {
            pointers[column + 1] += pointers[column];
        }

        int[] next = pointers[..^1];
        int[] rows = new int[csr.NonZeros];
        permutation = new int[csr.NonZeros];
        for (int row = 0; row < csr.Rows; row++)
        {
            for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p++)
            {
                int to = next[csr.Columns[p]]++;
                rows[to] = row;
                permutation[to] = p;
            }
        }

        return new CsrPattern(csr.ColumnCount, csr.Rows, pointers, rows);
    }

    private static (List<int> Starts, List<int> Rows, int[] Boundaries) Segments(CsrPattern csr, RowPartition partition)
    {
        List<int> starts = [];
        List<int> rows = [];
        int[] boundaries = new int[partition.Blocks + 1];
        for (int block = 0; block < partition.Blocks; block++)
        {
            for (int row = partition.Boundaries[block]; row < partition.Boundaries[block + 1]; row++)
            {
                for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p += SddmmKernel.SegmentLength)
                {
                    starts.Add(p);
                    rows.Add(row);
                }
            }

            boundaries[block + 1] = starts.Count;
        }

        return (starts, rows, boundaries);
    }
}

/// <summary>Compressed sparse rows in an accelerator's memory, and how they are shared out.</summary>
internal sealed class GpuRows(GpuDevice device, CsrPattern pattern, RowPartition partition) : IDisposable
{
    private readonly GpuBuffer<int> pointers = GpuPattern.Upload(device, pattern.RowPointers);
    private readonly GpuBuffer<int> columns = GpuPattern.Upload(device, pattern.Columns);
    private readonly GpuBuffer<int> boundaries = GpuPattern.Upload(device, partition.Boundaries);

    public int Rows => pattern.Rows;

    public int ColumnCount => pattern.ColumnCount;

    public int NonZeros => pattern.NonZeros;

    /// <summary>The number of row blocks.</summary>
    public int Blocks => partition.Blocks;

    /// <summary>Row r's non-zeros are [Pointers[r], Pointers[r + 1]).</summary>
    public ArrayView<int> Pointers => pointers.View;

    /// <summary>The column of each non-zero, and padding up to a whole vector.</summary>
    public ArrayView<int> Columns => columns.Padded;

    /// <summary>Row block b holds the rows [Boundaries[b], Boundaries[b + 1]).</summary>
    public ArrayView<int> Boundaries => boundaries.View;

    public long Bytes => sizeof(int) * ((long)pointers.Length + columns.Length + boundaries.Length);

    public void Dispose()
    {
        pointers.Dispose();
        columns.Dispose();
        boundaries.Dispose();
    }
}
