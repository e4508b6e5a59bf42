using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Host;

/// <summary>What attention's forward and backward pass share for one head of one sequence: its place, its scores and its dropout.</summary>
/// <remarks>
/// A panel is 2 vectors of queries. Scores of a panel are kept as [keys, queries]: keys run down, so the softmax needs no
/// operation across lanes, and the panel is already packed as the right operand of the product with the values.
/// </remarks>
internal readonly unsafe struct AttentionHead<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private readonly AttentionArguments arguments;
    private readonly int index;

    /// <param name="arguments">The batch's attention.</param>
    /// <param name="index">Which head of which sequence: sequence x heads + head.</param>
    public AttentionHead(in AttentionArguments arguments, int index)
    {
        this.arguments = arguments;
        this.index = index;
    }

    /// <summary>Queries in a panel.</summary>
    public static int PanelQueries => GemmMicrokernel<TSimd, TVector>.Columns;

    /// <summary>The head's first row in q, k, v and the output.</summary>
    public int FirstRow => index % arguments.Heads * arguments.HeadSize;

    /// <summary>The sequence's first column.</summary>
    public int FirstToken => index / arguments.Heads * arguments.Sequence;

    /// <summary>Where this head's and sequence's part of logSumExp [heads x tokens] starts.</summary>
    public int FirstLogSumExp => (index % arguments.Heads * arguments.Batch * arguments.Sequence) + FirstToken;

    /// <summary>Rounds up to whole rows of the microkernel's tile.</summary>
    public static int WholeRows(int rows) =>
        (rows + GemmMicrokernel<TSimd, TVector>.Rows - 1) / GemmMicrokernel<TSimd, TVector>.Rows * GemmMicrokernel<TSimd, TVector>.Rows;

    /// <summary>Keys that some query of the panel from <paramref name="firstQuery"/> on may look at.</summary>
    public int Keys(int firstQuery) => Math.Min(arguments.Sequence, firstQuery + PanelQueries);

    /// <summary>scores[key, query] = keys^T queries, minus infinity where the key comes after the query.</summary>
    /// <param name="keyPanels">The keys, packed by <see cref="PackedPanels.CopyRows"/>.</param>
    /// <param name="queryPanel">The panel's queries, packed.</param>
    /// <param name="firstQuery">The panel's first query.</param>
    /// <param name="scores">Receives whole rows, at least <see cref="Keys"/> of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scores(float* keyPanels, float* queryPanel, int firstQuery, float* scores)
    {
        int keys = Keys(firstQuery);
        Product(keyPanels, queryPanel, keys, scores);

        // One bit pattern slides over the panel: all bits set for the queries before the key.
        uint* bits = stackalloc uint[2 * PanelQueries];
        new Span<uint>(bits, PanelQueries).Fill(uint.MaxValue);
        new Span<uint>(bits + PanelQueries, PanelQueries).Clear();
        TVector masked = TSimd.Broadcast(float.NegativeInfinity);
        for (int key = firstQuery + 1; key < keys; key++)
        {
            float* before = (float*)bits + PanelQueries - (key - firstQuery);
            float* row = scores + (key * PanelQueries);
            TSimd.Store(row, TSimd.Select(TSimd.Load(before), masked, TSimd.Load(row)));
            TSimd.Store(row + TSimd.Width, TSimd.Select(TSimd.Load(before + TSimd.Width), masked, TSimd.Load(row + TSimd.Width)));
        }
    }

    /// <summary>result[key, query] = sum over features of left[feature, key] right[feature, query].</summary>
    public void Product(float* leftPanels, float* rightPanel, int keys, float* result) =>
        GemmMicrokernel<TSimd, TVector>.RunPanel(
            arguments.HeadSize, leftPanels, (nint)arguments.HeadSize * GemmMicrokernel<TSimd, TVector>.Rows, rightPanel, result, PanelQueries,
            WholeRows(keys), PanelQueries, accumulate: false);

    /// <summary>Multiplies a panel's elements by their dropout factor: 0, or 1/(1 - rate).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dropout(int firstQuery, float* panel)
    {
        int keys = Keys(firstQuery);
        int queries = Math.Min(PanelQueries, arguments.Sequence - firstQuery);
        uint threshold = Philox.DropThreshold(arguments.DropoutRate);
        float factor = 1 / (1 - arguments.DropoutRate);
        for (int query = 0; query < queries; query++)
        {
            ulong element = (((ulong)index * (ulong)arguments.Sequence) + (ulong)(firstQuery + query)) * (ulong)arguments.Sequence;
            PhiloxStream draws = new(arguments.Dropout, element);
            for (int key = 0; key < keys; key++)
            {
                panel[(key * PanelQueries) + query] *= draws.Next() < threshold ? 0 : factor;
            }
        }
    }
}
