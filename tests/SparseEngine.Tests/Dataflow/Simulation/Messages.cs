namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>A weight on its way down a column of cores, or the mark that an output row's weights have all been sent.</summary>
/// <param name="Row">The output feature.</param>
/// <param name="Position">The weight's place in the pattern, or <see cref="EndOfRow"/>.</param>
/// <param name="Column">The input feature.</param>
/// <param name="Value">The weight.</param>
internal readonly record struct WeightMessage(int Row, int Position, int Column, float Value)
{
    /// <summary>The position of the mark that ends a row.</summary>
    public const int EndOfRow = -1;

    /// <summary>Whether this is the mark that ends a row.</summary>
    public bool EndsRow => Position == EndOfRow;
}

/// <summary>A few tokens' values of one feature on their way along a row of cores: partial sums, or a feature that is broadcast.</summary>
/// <param name="Row">The output feature.</param>
/// <param name="Values">One value a token.</param>
internal readonly record struct TokenMessage(int Row, float[] Values);
