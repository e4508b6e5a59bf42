using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <content>From flags to rows.</content>
public sealed partial class CsrPattern
{
    /// <summary>The pattern of a dense row-major matrix's kept places.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columnCount">The number of columns.</param>
    /// <param name="keep">One flag per element, row-major.</param>
    /// <exception cref="ArgumentException">The number of flags is not <paramref name="rows"/> times <paramref name="columnCount"/>.</exception>
    public static CsrPattern FromMask(int rows, int columnCount, ReadOnlySpan<bool> keep) => FromMask(OneWorker.Instance, rows, columnCount, keep);

    /// <summary>The same by several threads.</summary>
    internal static CsrPattern FromMask(IWorkers workers, int rows, int columnCount, ReadOnlySpan<bool> keep)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columnCount);
        if (keep.Length != (long)rows * columnCount)
        {
            throw new ArgumentException($"a {rows} x {columnCount} mask has {(long)rows * columnCount} flags, not {keep.Length}", nameof(keep));
        }

        int parts = workers.PartsFor(keep.Length);
        int[] rowPointers = new int[rows + 1];
        workers.Run(parts, new RowCounts(keep, columnCount, rowPointers, parts));
        for (int row = 0; row < rows; row++)
        {
            rowPointers[row + 1] += rowPointers[row];
        }

        return IsNarrow(columnCount)
            ? new CsrPattern(columnCount, rowPointers, ColumnsOf<ushort>(workers, keep, rowPointers, columnCount, parts), null)
            : new CsrPattern(columnCount, rowPointers, null, ColumnsOf<int>(workers, keep, rowPointers, columnCount, parts));
    }

    private static TColumn[] ColumnsOf<TColumn>(IWorkers workers, ReadOnlySpan<bool> keep, int[] rowPointers, int columnCount, int parts)
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        TColumn[] columns = new TColumn[rowPointers[^1]];
        workers.Run(parts, new RowColumns<TColumn>(keep, rowPointers, columnCount, columns, parts));
        return columns;
    }

    /// <summary>Lists the columns whose flags are not zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ColumnsOf<TColumn>(ReadOnlySpan<byte> flags, Span<TColumn> columns)
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        // Flag by flag, the processor would guess wrong at every other one.
        int next = 0;
        int first = 0;
        for (; first + Vector256<byte>.Count <= flags.Length; first += Vector256<byte>.Count)
        {
            Vector256<byte> zeros = Vector256.Equals(Vector256.Create(flags.Slice(first, Vector256<byte>.Count)), Vector256<byte>.Zero);
            for (uint kept = ~zeros.ExtractMostSignificantBits(); kept != 0; kept &= kept - 1)
            {
                columns[next++] = TColumn.CreateTruncating(first + BitOperations.TrailingZeroCount(kept));
            }
        }

        for (; first < flags.Length; first++)
        {
            if (flags[first] != 0)
            {
                columns[next++] = TColumn.CreateTruncating(first);
            }
        }
    }

    /// <summary>Counts the flags of each row, at the place of the next row's pointer.</summary>
    private readonly ref struct RowCounts(ReadOnlySpan<bool> keep, int columnCount, int[] counts, int parts) : IParts
    {
        private readonly ReadOnlySpan<bool> keep = keep;

        public void Do(int part)
        {
            Run rows = Run.Part(counts.Length - 1, part, parts);
            for (int row = rows.Start; row < rows.Start + rows.Length; row++)
            {
                counts[row + 1] = keep.Slice(row * columnCount, columnCount).Count(true);
            }
        }
    }

    /// <summary>Lists the columns of each row's flags.</summary>
    private readonly ref struct RowColumns<TColumn>(ReadOnlySpan<bool> keep, int[] pointers, int columnCount, TColumn[] columns, int parts) : IParts
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        private readonly ReadOnlySpan<bool> keep = keep;

        public void Do(int part)
        {
            Run rows = Run.Part(pointers.Length - 1, part, parts);
            for (int row = rows.Start; row < rows.Start + rows.Length; row++)
            {
                ColumnsOf(MemoryMarshal.AsBytes(keep.Slice(row * columnCount, columnCount)), columns.AsSpan(pointers[row]..pointers[row + 1]));
            }
        }
    }
}
