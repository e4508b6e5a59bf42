namespace SparseEngine.Dataflow;

/// <summary>Items spread over places in consecutive blocks of sizes that differ by at most one: features over columns, tokens over rows.</summary>
/// <param name="Items">The number of items.</param>
/// <param name="Places">The number of places.</param>
internal readonly record struct EqualBlocks(int Items, int Places)
{
    /// <summary>The place of an item.</summary>
    public int PlaceOf(int item) => (int)((((long)item + 1) * Places - 1) / Items);

    /// <summary>The first item of a place.</summary>
    public int FirstOf(int place) => (int)((long)Items * place / Places);

    /// <summary>The number of items of a place.</summary>
    public int CountOf(int place) => FirstOf(place + 1) - FirstOf(place);
}
