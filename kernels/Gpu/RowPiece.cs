using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Consecutive non-zeros [Start, End) of a row.</summary>
internal readonly record struct RowPiece(int Row, int Start, int End)
{
    // A row is long that has more non-zeros than this, and than so many times the mean.
    private const int LongRow = 64;
    private const int LongRowOfMean = 2;

    /// <summary>Their number.</summary>
    public int Length => End - Start;

    /// <summary>What fires first: each row up to where it is long.</summary>
    public static RowPiece[] FirstOf(CsrPattern csr) => [.. Enumerable.Range(0, csr.Rows).Select(row => From(csr, row, csr.RowPointers[row]))];

    /// <summary>What fires after these, of rows that have more.</summary>
    public static RowPiece[] After(CsrPattern csr, RowPiece[] pieces) =>
        [.. pieces.Where(piece => piece.End < csr.RowPointers[piece.Row + 1]).Select(piece => From(csr, piece.Row, piece.End))];

    /// <summary>Sorts them by falling number, so that neighbours are about equally long.</summary>
    public static void Sort(RowPiece[] pieces) =>
        Array.Sort(pieces, (a, b) => b.Length != a.Length ? b.Length.CompareTo(a.Length) : a.Row.CompareTo(b.Row));

    private static RowPiece From(CsrPattern csr, int row, int start)
    {
        int limit = Math.Max(LongRow, (int)((long)LongRowOfMean * csr.NonZeros / csr.Rows));
        return new RowPiece(row, start, (int)Math.Min((long)start + limit, csr.RowPointers[row + 1]));
    }
}
