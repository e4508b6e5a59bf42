using SparseEngine.Dataflow;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>The part of a product Y = W X that one row of cores computes: all features, some of the tokens.</summary>
/// <param name="Constants">The wafer.</param>
/// <param name="Columns">Cores in the row.</param>
/// <param name="OutputRows">Output features.</param>
/// <param name="X">The input [features, all tokens].</param>
/// <param name="Y">The output [features, all tokens].</param>
/// <param name="AllTokens">Tokens of the whole product.</param>
/// <param name="FirstToken">This row's first token.</param>
/// <param name="Tokens">The number of this row's tokens.</param>
internal sealed record SpmmTile(
    WaferConstants Constants, int Columns, int OutputRows, ReadOnlyMemory<float> X, Memory<float> Y, int AllTokens, int FirstToken, int Tokens)
{
    /// <summary>The column that keeps an output feature, as an input of the next layer.</summary>
    public int OwnerOf(int outputRow) => new EqualBlocks(OutputRows, Columns).PlaceOf(outputRow);

    /// <summary>An input feature's values for these tokens.</summary>
    public ReadOnlySpan<float> InputRow(int feature) => X.Span.Slice((feature * AllTokens) + FirstToken, Tokens);

    /// <summary>An output feature's values for these tokens.</summary>
    public Span<float> OutputRow(int feature) => Y.Span.Slice((feature * AllTokens) + FirstToken, Tokens);
}
