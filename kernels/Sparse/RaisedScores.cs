using System.Runtime.InteropServices;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Puts the scores of those that stay above everything else: at infinity.</summary>
/// <param name="pattern">The elements alive, or null for all.</param>
/// <param name="staying">For each of them whether it stays.</param>
/// <param name="scores">One for each element of the weight.</param>
/// <param name="parts">The number of parts.</param>
internal readonly ref struct RaisedScores(CsrPattern? pattern, ReadOnlySpan<bool> staying, Span<float> scores, int parts) : IParts
{
    private readonly ReadOnlySpan<byte> flags = MemoryMarshal.AsBytes(staying);
    private readonly Span<uint> bits = MemoryMarshal.Cast<float, uint>(scores);
    private readonly RowPartition? rows = pattern is null ? null : RowPartition.EqualNonZeros(pattern.RowPointers, parts);

    /// <inheritdoc/>
    public void Do(int part)
    {
        if (pattern is null)
        {
            Run run = Run.AlignedPart(bits.Length, part, parts);
            Raise(flags.Slice(run.Start, run.Length), bits.Slice(run.Start, run.Length));
        }
        else
        {
            Raise(pattern, rows!.Boundaries[part], rows.Boundaries[part + 1], flags, bits);
        }
    }

    private static void Raise(ReadOnlySpan<byte> flags, Span<uint> bits)
    {
        for (int i = 0; i < flags.Length; i++)
        {
            bits[i] = Raised(bits[i], flags[i]);
        }
    }

    private static void Raise(CsrPattern pattern, int firstRow, int endRow, ReadOnlySpan<byte> flags, Span<uint> bits)
    {
        ReadOnlySpan<int> pointers = pattern.RowPointers;
        ColumnIndices columns = pattern.Columns;
        for (int row = firstRow; row < endRow; row++)
        {
            Span<uint> line = bits.Slice(row * pattern.ColumnCount, pattern.ColumnCount);
            for (int p = pointers[row]; p < pointers[row + 1]; p++)
            {
                line[columns[p]] = Raised(line[columns[p]], flags[p]);
            }
        }
    }

    // Without a branch, which would be guessed wrong.
    private static uint Raised(uint score, byte flag)
    {
        uint mask = 0u - flag;
        return (score & ~mask) | (FloatBits.Exponent & mask);
    }
}
