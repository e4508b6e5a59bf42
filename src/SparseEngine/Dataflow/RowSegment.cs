namespace SparseEngine.Dataflow;

/// <summary>Consecutive non-zeros of one row that one worker fires: a whole row, or a piece of a long one.</summary>
/// <param name="Row">The row: the output feature that they add to.</param>
/// <param name="Start">The position of the first in the pattern's columns.</param>
/// <param name="End">The position after the last.</param>
internal readonly record struct RowSegment(int Row, int Start, int End)
{
    /// <summary>The number of non-zeros.</summary>
    public int NonZeros => End - Start;
}
