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
    private const int LongestInPlace = 512;

    private readonly AttentionArguments arguments;
    private readonly int index;
    private readonly float* slope;

    /// <param name="arguments">The batch's attention.</param>
    /// <param name="slopes">What each head's scores fall by with the distance; null for nothing.</param>
    /// <param name="index">Which head of which sequence: sequence x heads + head.</param>
    public AttentionHead(in AttentionArguments arguments, float* slopes, int index)
    {
        this.arguments = arguments;
        this.index = index;
        slope = slopes == null ? null : slopes + (index % arguments.Heads);
    }

    /// <summary>Queries in a panel.</summary>
    public static int PanelQueries => GemmMicrokernel<TSimd, TVector>.Columns;

    /// <summary>The head's first row in q and the output.</summary>
    public int FirstRow => index % arguments.Heads * arguments.HeadSize;

    /// <summary>The first row of its key head in k and v.</summary>
    public int FirstKeyRow => index % arguments.Heads / arguments.GroupSize * arguments.HeadSize;

    /// <summary>Which key head of which sequence it reads: sequence x key heads + key head.</summary>
    public int KeyHead => index / arguments.GroupSize;

    /// <summary>Its place among the heads that read the same key head.</summary>
    public int PlaceInGroup => index % arguments.GroupSize;

    /// <summary>The sequence's first column.</summary>
    public int FirstToken => index / arguments.Heads * arguments.Sequence;

    /// <summary>Where this head's and sequence's part of logSumExp [heads x tokens] starts.</summary>
    public int FirstLogSumExp => (index % arguments.Heads * arguments.Batch * arguments.Sequence) + FirstToken;

    /// <summary>What <see cref="Scores"/> are multiplied by before the softmax.</summary>
    public float Scale => slope == null ? arguments.Scale : 1;

    // No longer than the sequence, so that sums with it do not overflow.
    private int Window => Math.Min(arguments.Window, arguments.Sequence);

    /// <summary>
    /// Whether keys, and values for their products with gradients, are packed before scores are computed: those of a long sequence lie on more pages
    /// than the processor remembers the addresses of, those of the shortest are less than a tile.
    /// </summary>
    public bool PacksKeys => arguments.Sequence > LongestInPlace || arguments.Sequence < GemmMicrokernel<TSimd, TVector>.Rows;

    /// <summary>Whether the features are less than a tile, and have to be copied for products over tokens.</summary>
    public bool CopiesFeatures => arguments.HeadSize < GemmMicrokernel<TSimd, TVector>.Rows;

    /// <summary>Rounds up to whole rows of the microkernel's tile.</summary>
    public static int WholeRows(int rows) =>
        (rows + GemmMicrokernel<TSimd, TVector>.Rows - 1) / GemmMicrokernel<TSimd, TVector>.Rows * GemmMicrokernel<TSimd, TVector>.Rows;

    /// <summary>The most rows of scores that a panel has.</summary>
    public static int MostScores(in AttentionArguments arguments)
    {
        int window = Math.Min(arguments.Window, arguments.Sequence);
        return Math.Min(WholeRows(arguments.Sequence), WholeRows(window + PanelQueries + GemmMicrokernel<TSimd, TVector>.Rows));
    }

    /// <summary>
    /// The first key of the first tile that holds one that some query of the panel from <paramref name="firstQuery"/> on may look at: the first row
    /// of its scores. Where the sequence is as long, a tile lies between it and <see cref="EndKey"/>.
    /// </summary>
    public int FirstKey(int firstQuery) =>
        Math.Max(0, Math.Min(firstQuery + 1 - Window, EndKey(firstQuery) - GemmMicrokernel<TSimd, TVector>.Rows))
        / GemmMicrokernel<TSimd, TVector>.Rows * GemmMicrokernel<TSimd, TVector>.Rows;

    /// <summary>One past the last key that some query of the panel from <paramref name="firstQuery"/> on may look at.</summary>
    public int EndKey(int firstQuery) => Math.Min(arguments.Sequence, firstQuery + PanelQueries);

    /// <summary>One past the last query of the sequence that looks at a key.</summary>
    public int EndQuery(int key) => key + Window;

    /// <summary>
    /// scores[key, query] = keys^T queries, minus infinity where the query does not see the key. With a slope they are scaled, and fall by it for
    /// each token between the two.
    /// </summary>
    /// <param name="keys">The sequence's keys, as <see cref="Product"/> reads them.</param>
    /// <param name="queries">The panel's queries, as many as a panel has.</param>
    /// <param name="firstQuery">The panel's first query.</param>
    /// <param name="scores">Receives whole rows, those of the keys from <see cref="FirstKey"/> on.</param>
    /// <param name="ahead">What is asked for meanwhile, during a tile each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scores(FeatureRows keys, FeatureRows queries, int firstQuery, float* scores, ReadOnlySpan<FeatureRows> ahead)
    {
        int firstKey = FirstKey(firstQuery);
        int endKey = EndKey(firstQuery);
        Product(keys, queries, firstQuery, scores, ahead);
        if (slope != null)
        {
            LowerByDistance(firstQuery, scores);
        }

        // One bit pattern slides over the panel: all bits set for the queries before the key, and for those too far behind it.
        uint* bits = stackalloc uint[3 * PanelQueries];
        new Span<uint>(bits, 3 * PanelQueries).Fill(uint.MaxValue);
        new Span<uint>(bits + PanelQueries, PanelQueries).Clear();
        for (int key = firstQuery + 1; key < endKey; key++)
        {
            Mask(scores + ((key - firstKey) * PanelQueries), (float*)bits + PanelQueries - (key - firstQuery));
        }

        int endQuery = Math.Min(arguments.Sequence, firstQuery + PanelQueries);
        for (int key = firstKey; EndQuery(key) < endQuery; key++)
        {
            int seeing = Math.Max(0, EndQuery(key) - firstQuery);
            Mask(scores + ((key - firstKey) * PanelQueries), (float*)bits + (2 * PanelQueries) - seeing);
        }
    }

    /// <summary>
    /// result[key, query] = sum over features of left[feature, key] right[feature, query], with the rows that scores have. Left is packed where
    /// <see cref="PacksKeys"/> says so.
    /// </summary>
    public void Product(FeatureRows left, FeatureRows right, int firstQuery, float* result, ReadOnlySpan<FeatureRows> ahead)
    {
        int firstKey = FirstKey(firstQuery);
        int rows = EndKey(firstQuery) - firstKey;
        int size = arguments.HeadSize;
        if (PacksKeys)
        {
            GemmMicrokernel<TSimd, TVector>.RunRows<GemmMicrokernel<TSimd, TVector>.PackedOrder>(
                size, left.From(firstKey * size), left.Stride, right.From(0), right.Stride, result, PanelQueries, rows);
        }
        else
        {
            GemmMicrokernel<TSimd, TVector>.RunRows<GemmMicrokernel<TSimd, TVector>.TransposedOrder>(
                size, left.From(firstKey), left.Stride, right.From(0), right.Stride, result, PanelQueries, rows, ahead);
        }
    }

    /// <summary>Multiplies a panel's elements by their dropout factor: 0, or 1/(1 - rate).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dropout(int firstQuery, float* panel)
    {
        int firstKey = FirstKey(firstQuery);
        int keys = EndKey(firstQuery) - firstKey;
        int queries = Math.Min(PanelQueries, arguments.Sequence - firstQuery);
        uint threshold = Philox.DropThreshold(arguments.DropoutRate);
        float factor = 1 / (1 - arguments.DropoutRate);
        long head = index + ((long)arguments.FirstSequence * arguments.Heads);
        for (int query = 0; query < queries; query++)
        {
            ulong element = (((ulong)head * (ulong)arguments.Sequence) + (ulong)(firstQuery + query)) * (ulong)arguments.Sequence;
            PhiloxStream draws = new(arguments.Dropout, element + (ulong)firstKey);
            for (int key = 0; key < keys; key++)
            {
                panel[(key * PanelQueries) + query] *= draws.Next() < threshold ? 0 : factor;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mask(float* row, float* mask)
    {
        TVector masked = TSimd.Broadcast(float.NegativeInfinity);
        TSimd.Store(row, TSimd.Select(TSimd.Load(mask), masked, TSimd.Load(row)));
        TSimd.Store(row + TSimd.Width, TSimd.Select(TSimd.Load(mask + TSimd.Width), masked, TSimd.Load(row + TSimd.Width)));
    }

    /// <summary>Scales a panel's products and takes the slope from them for each token between query and key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LowerByDistance(int firstQuery, float* scores)
    {
        int firstKey = FirstKey(firstQuery);
        int rows = EndKey(firstQuery) - firstKey;
        float* distances = stackalloc float[PanelQueries];
        for (int query = 0; query < PanelQueries; query++)
        {
            distances[query] = firstQuery + query - firstKey;
        }

        TVector one = TSimd.Broadcast(1);
        TVector scale = TSimd.Broadcast(arguments.Scale);
        TVector fall = TSimd.Broadcast(-*slope);
        TVector distance0 = TSimd.Load(distances);
        TVector distance1 = TSimd.Load(distances + TSimd.Width);
        for (float* row = scores; row < scores + (rows * PanelQueries); row += PanelQueries)
        {
            TSimd.Store(row, TSimd.MultiplyAdd(fall, distance0, TSimd.Multiply(scale, TSimd.Load(row))));
            TSimd.Store(
                row + TSimd.Width, TSimd.MultiplyAdd(fall, distance1, TSimd.Multiply(scale, TSimd.Load(row + TSimd.Width))));
            distance0 = TSimd.Subtract(distance0, one);
            distance1 = TSimd.Subtract(distance1, one);
        }
    }
}
