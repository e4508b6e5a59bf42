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
    private protected override CsrPattern CompressCore(DeviceBuffer<byte> keep, int rows, int columns)
    {
        ArrayView<byte> flags = View(keep);
        using GpuBuffer<int> pointers = new(this, rows + 1);
        LaunchGroups(rows, new RowCountKernel(flags, columns, pointers.View));
        LaunchGroups(1, new ScanKernel(pointers.View, rows));
        int[] hostPointers = new int[rows + 1];
        Download(pointers.View, hostPointers);

        int nonZeros = hostPointers[rows];
        int[] hostColumns = new int[nonZeros];
        if (nonZeros > 0)
        {
            using MemoryBuffer1D<int, Stride1D.Dense> columnMemory = AllocateMemory<int>(nonZeros);
            LaunchGroups(rows, new RowFillKernel(flags, columns, pointers.View, columnMemory.View.BaseView));
            Download<int>(columnMemory.View.BaseView, hostColumns);
        }

        return new CsrPattern(rows, columns, hostPointers, hostColumns);
    }

    /// <inheritdoc/>
    private protected override (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        CsrPattern pattern = CompressCore(keep, rows, columns);
        GpuBuffer<float> values = new(this, pattern.NonZeros);
        using PatternPair patterns = PairCore(from: null, pattern, rows, columns);
        TransferCore(patterns, dense, values);
        LaunchLinear(pattern.NonZeros, new FiniteKernel(pattern.NonZeros, values.View));
        return (pattern, values);
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
        using GpuBuffer<int> columns = GpuPattern.Upload<int>(this, csr.Columns.ToArray());
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

/// <summary>counts[row] = kept elements of a row, a group each; the counts start at zero.</summary>
internal readonly struct RowCountKernel(ArrayView<byte> keep, int columns, ArrayView<int> counts) : IKernel
{
    public void Invoke()
    {
        int first = Grid.IdxX * columns;
        int count = 0;
        for (int column = Group.IdxX; column < columns; column += Group.DimX)
        {
            count += keep[first + column];
        }

        // Sums of whole numbers do not depend on their order.
        Atomic.Add(ref counts[Grid.IdxX], count);
    }
}

/// <summary>Writes the columns of a row's kept elements: a group a row, in which each thread has consecutive columns.</summary>
internal readonly struct RowFillKernel(ArrayView<byte> keep, int columns, ArrayView<int> rowPointers, ArrayView<int> keptColumns) : IKernel
{
    public void Invoke()
    {
        ArrayView<int> sums = SharedMemory.Allocate<int>(GroupShapes.MostThreads + 1);
        int thread = Group.IdxX;
        int row = Grid.IdxX * columns;
        int first = Ranges.First(thread, Group.DimX, columns);
        int end = Ranges.First(thread + 1, Group.DimX, columns);
        int count = 0;
        for (int column = first; column < end; column++)
        {
            count += keep[row + column];
        }

        sums[thread + 1] = count;
        Group.Barrier();
        if (thread == 0)
        {
            sums[0] = rowPointers[Grid.IdxX];
            for (int i = 1; i <= Group.DimX; i++)
            {
                sums[i] += sums[i - 1];
            }
        }

        Group.Barrier();
        int to = sums[thread];
        for (int column = first; column < end; column++)
        {
            if (keep[row + column] != 0)
            {
                keptColumns[to] = column;
                to++;
            }
        }
    }
}

/// <summary>What is not finite becomes 0.</summary>
internal readonly struct FiniteKernel(int count, ArrayView<float> values) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            if (!GpuMath.IsFinite(values[i]))
            {
                values[i] = 0f;
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
