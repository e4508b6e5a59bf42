using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The orders in which layouts have the rows of query, key and value projections.</summary>
/// <remarks>
/// Here rotary embedding turns the pairs (2i, 2i + 1) of the first d features of each head; most layouts turn (i, i + d/2). Queries and keys are
/// multiplied with each other alone, so that the model is the same with their rows, and the elements of their biases, in the other order.
/// </remarks>
internal sealed class HeadRows
{
    private readonly ModelParameters model;

    /// <summary>The orders of a layout.</summary>
    /// <param name="model">The model.</param>
    /// <param name="halves">Whether the layout turns (i, i + d/2).</param>
    public HeadRows(ModelParameters model, bool halves)
    {
        this.model = model;
        int rotated = halves ? model.Rotary?.Dimensions ?? 0 : 0;
        int queries = model.Heads / model.KeyValueHeads;
        Query = new RowOrder(Rows(0, 0, model.Heads, rotated));
        Key = new RowOrder(Rows(0, 0, model.KeyValueHeads, rotated));
        Grouped = new RowOrder(Enumerable.Range(0, model.KeyValueHeads).SelectMany(group => (IEnumerable<PartRow>)
        [
            .. Rows(0, group * queries, queries, rotated), .. Rows(1, group, 1, rotated), .. Rows(2, group, 1, rotated: 0),
        ]));
    }

    /// <summary>The query projection by itself.</summary>
    public RowOrder Query { get; }

    /// <summary>The key projection by itself.</summary>
    public RowOrder Key { get; }

    /// <summary>
    /// The three fused, group after group: its query heads, its key head, its value head. With a group of each head they are [heads, 3, head size],
    /// with a single group all queries come first.
    /// </summary>
    public RowOrder Grouped { get; }

    /// <summary>The feature here that a head's feature of a layout is.</summary>
    /// <param name="feature">The feature, in the layout's order.</param>
    /// <param name="rotated">How many features are turned by halves.</param>
    public static int Interleaved(int feature, int rotated) => feature >= rotated ? feature
        : feature < rotated / 2 ? 2 * feature
        : (2 * (feature - (rotated / 2))) + 1;

    private IEnumerable<PartRow> Rows(int part, int first, int heads, int rotated) =>
        from head in Enumerable.Range(first, heads)
        from feature in Enumerable.Range(0, model.HeadSize)
        select new PartRow(part, (head * model.HeadSize) + Interleaved(feature, rotated));
}
