using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Dense to sparse rows, and their transposition.</content>
internal sealed partial class GpuDevice
{
    // Blocks of rows that a counting sort counts on their own.
    private const int MostSortBlocks = 64;

    /// <inheritdoc/>
    private protected override (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        ArrayView<float> source = View(dense);
        ArrayView<byte> flags = View(keep);
        using MemoryBuffer1D<int, Stride1D.Dense> pointers = AllocateMemory<int>(rows + 1);
        ArrayView<int> rowPointers = pointers.View.BaseView;
        LaunchLinear(rows, new RowCountKernel(flags, rows, columns, rowPointers));
        LaunchGroups(1, new ScanKernel(rowPointers, rows));
        int[] hostPointers = new int[rows + 1];
        Download<int>(rowPointers, hostPointers);

        int nonZeros = hostPointers[rows];
        GpuBuffer<float> values = new(this, nonZeros);
        using MemoryBuffer1D<int, Stride1D.Dense> columnMemory = AllocateMemory<int>(Math.Max(nonZeros, 1));
        LaunchLinear(rows, new RowFillKernel(source, flags, rows, columns, rowPointers, columnMemory.View.BaseView, values.Padded));
        int[] hostColumns = new int[nonZeros];
        if (nonZeros > 0)
        {
            Download<int>(columnMemory.View.BaseView, hostColumns);
        }

        return (new CsrPattern(rows, columns, hostPointers, hostColumns), values);
    }

    /// <inheritdoc/>
    private protected override CsrPattern CompressCore(DeviceBuffer<byte> keep, int rows, int columns)
    {
        byte[] flags = new byte[rows * columns];
        keep.CopyTo(flags);
        return CsrPattern.FromMask(rows, columns, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, bool>(flags));
    }

    /// <summary>The transpose of a pattern, by a stable counting sort, and for each of its non-zeros its position in the original.</summary>
    public (CsrPattern Transposed, int[] Positions) Transpose(CsrPattern csr)
    {
        int blocks = Math.Clamp(csr.Rows, 1, MostSortBlocks);
        int nonZeros = csr.NonZeros;
        if (nonZeros == 0)
        {
            return (new CsrPattern(csr.ColumnCount, csr.Rows, new int[csr.ColumnCount + 1], []), []);
        }

        using GpuBuffer<int> pointers = GpuPattern.Upload(this, csr.RowPointers);
        using GpuBuffer<int> columns = GpuPattern.Upload(this, csr.Columns);
        using GpuBuffer<int> offsets = new(this, checked((csr.ColumnCount * blocks) + 1));
        using GpuBuffer<int> rows = new(this, nonZeros);
        using GpuBuffer<int> positions = new(this, nonZeros);

        // Counts lie column by column and block by block, so that one scan makes them the place of each block's first non-zero of each column.
        SortOperands operands = new(pointers.View, columns.View, csr.Rows, blocks, offsets.View);
        LaunchGroups(blocks, new ColumnCountKernel(operands));
        LaunchGroups(1, new ScanKernel(offsets.View, csr.ColumnCount * blocks));
        int[] starts = new int[offsets.Length];
        offsets.CopyTo(starts);
        LaunchGroups(blocks, new ColumnSortKernel(operands, rows.View, positions.View));
        int[] hostRows = new int[nonZeros];
        int[] hostPositions = new int[nonZeros];
        rows.CopyTo(hostRows);
        positions.CopyTo(hostPositions);
        int[] columnPointers = [.. Enumerable.Range(0, csr.ColumnCount + 1).Select(column => starts[column * blocks])];
        return (new CsrPattern(csr.ColumnCount, csr.Rows, columnPointers, hostRows), hostPositions);
    }
}

/// <summary>counts[row] = kept elements of a row.</summary>
internal readonly struct RowCountKernel(ArrayView<byte> keep, int rows, int columns, ArrayView<int> counts) : IKernel
{
    public void Invoke()
    {
        for (int row = Work.First; row < rows; row += Work.Stride)
        {
            int count = 0;
            for (int column = 0; column < columns; column++)
            {
                count += keep[(row * columns) + column];
            }

            counts[row] = count;
        }
    }
}

/// <summary>Writes the columns and values of a row's kept elements; what is not finite becomes 0.</summary>
internal readonly struct RowFillKernel(
    ArrayView<float> dense, ArrayView<byte> keep, int rows, int columns, ArrayView<int> rowPointers, ArrayView<int> keptColumns,
    ArrayView<float> values)
    : IKernel
{
    public void Invoke()
    {
        for (int row = Work.First; row < rows; row += Work.Stride)
        {
            int to = rowPointers[row];
            for (int column = 0; column < columns; column++)
            {
                int i = (row * columns) + column;
                if (keep[i] != 0)
                {
                    keptColumns[to] = column;
                    values[to] = GpuMath.IsFinite(dense[i]) ? dense[i] : 0;
                    to++;
                }
            }
        }
    }
}

/// <summary>What both passes of a counting sort by column read: sparse rows in blocks, a group each.</summary>
internal readonly struct SortOperands(ArrayView<int> pointers, ArrayView<int> columns, int rows, int blocks, ArrayView<int> offsets)
{
    public int FirstRow(int block) => Ranges.First(block, blocks, rows);

    public int Pointer(int row) => pointers[row];

    /// <summary>The group's own number for the column of a non-zero. No two non-zeros of one row share it, so a row's threads never meet.</summary>
    public ref int Offset(int p) => ref offsets[(columns[p] * blocks) + Grid.IdxX];
}

/// <summary>Counts a block's non-zeros of each column; the counts start at zero.</summary>
internal readonly struct ColumnCountKernel(SortOperands operands) : IKernel
{
    public void Invoke()
    {
        int end = operands.FirstRow(Grid.IdxX + 1);
        for (int row = operands.FirstRow(Grid.IdxX); row < end; row++)
        {
            for (int p = operands.Pointer(row) + Group.IdxX; p < operands.Pointer(row + 1); p += Group.DimX)
            {
                operands.Offset(p)++;
            }

            Group.Barrier();
        }
    }
}

/// <summary>Puts a block's non-zeros in their places, row after row, so that rows ascend within a column.</summary>
internal readonly struct ColumnSortKernel(SortOperands operands, ArrayView<int> sortedRows, ArrayView<int> positions) : IKernel
{
    public void Invoke()
    {
        int end = operands.FirstRow(Grid.IdxX + 1);
        for (int row = operands.FirstRow(Grid.IdxX); row < end; row++)
        {
            for (int p = operands.Pointer(row) + Group.IdxX; p < operands.Pointer(row + 1); p += Group.DimX)
            {
                int to = operands.Offset(p)++;
                sortedRows[to] = row;
                positions[to] = p;
            }

            Group.Barrier();
        }
    }
}
