using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The order in which an accelerator fires the transpose of a matrix whose rows share their columns four by four: a row of the transpose has quads of
/// the input for columns.
/// </summary>
/// <remarks>
/// Rows are dealt out to ranges of about equally many non-zeros, one for a warp, which keeps their sums in shared memory and goes through the input's
/// quads: what it reads of a quad into registers serves all of the range's rows that have it. The non-zeros lie range by range, in it quad by quad,
/// and fill whole batches, with places that point to a sum of nothing.
/// </remarks>
internal sealed class GpuQuadColumns : IDisposable
{
    /// <summary>From one sum to the next, whether the team has so many lanes or, as on the CPU accelerator, fewer.</summary>
    public const int Stride = GroupShapes.GpuTeamLanes;

    private readonly GpuBuffer<int> rows;
    private readonly GpuBuffer<Int2> ranges;
    private readonly GpuBuffer<Int2> steps;
    private readonly GpuBuffer<int> places;
    private readonly GpuBuffer<int> numbers;

    /// <summary>Arranges a matrix.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="transposed">The transpose's rows, with quads for columns.</param>
    /// <param name="numbers">For each of its non-zeros the number of the quad's column.</param>
    /// <param name="rangeRows">The most rows of a range.</param>
    public GpuQuadColumns(GpuDevice device, CsrPattern transposed, int[] numbers, int rangeRows)
    {
        RangeRows = rangeRows;
        Ranges = (transposed.Rows + rangeRows - 1) / rangeRows;
        List<int>[] dealt = Deal(transposed, Ranges);
        QuadRange[] arranged = new QuadRange[Ranges];
        Parallel.For(0, Ranges, range => arranged[range] = new QuadRange(transposed, dealt[range], numbers));
        Batches = arranged.Sum(range => range.Places.Length);
        rows = GpuPattern.Upload<int>(device, [.. dealt.SelectMany(some => some.Concat(Enumerable.Repeat(-1, rangeRows - some.Count)))]);
        ranges = GpuPattern.Upload<Int2>(device, RangesOf(arranged));
        steps = GpuPattern.Upload<Int2>(device, StepsOf(arranged));
        places = GpuPattern.Upload<int>(device, [.. arranged.SelectMany(range => range.Places), 0]);
        this.numbers = GpuPattern.Upload<int>(device, [.. arranged.SelectMany(range => range.Numbers)]);
    }

    /// <summary>The most rows of a range.</summary>
    public int RangeRows { get; }

    /// <summary>The number of ranges.</summary>
    public int Ranges { get; }

    /// <summary>The number of batches.</summary>
    public int Batches { get; }

    /// <summary>For each place of each batch the number of the quad's column, or -1.</summary>
    public ArrayView<int> Numbers => numbers.View;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (sizeof(int) * ((long)rows.Length + places.Length + numbers.Length))
        + (Interop.SizeOf<Int2>() * ((long)ranges.Length + steps.Length));

    /// <summary>What kernels read of it.</summary>
    public QuadColumnsView View => new(rows.View, ranges.View, steps.View, places.View, Ranges, RangeRows);

    /// <summary>Where a range's row has its sums; before the first is the sum of nothing.</summary>
    public static int Place(int slot) => (slot + 1) * Stride;

    public void Dispose()
    {
        rows.Dispose();
        ranges.Dispose();
        steps.Dispose();
        places.Dispose();
        numbers.Dispose();
    }

    /// <summary>Deals rows out by falling number of non-zeros, to and fro, so that all ranges get about as many.</summary>
    private static List<int>[] Deal(CsrPattern csr, int ranges)
    {
        int[] byLength = [.. Enumerable.Range(0, csr.Rows).OrderByDescending(row => csr.RowPointers[row + 1] - csr.RowPointers[row])];
        List<int>[] dealt = [.. Enumerable.Range(0, ranges).Select(_ => new List<int>())];
        for (int i = 0; i < byLength.Length; i++)
        {
            (int round, int place) = Math.DivRem(i, ranges);
            dealt[round % 2 == 0 ? place : ranges - 1 - place].Add(byLength[i]);
        }

        return dealt;
    }

    /// <summary>Each range's first step and first batch, and behind the last range what comes after.</summary>
    private static Int2[] RangesOf(QuadRange[] arranged)
    {
        Int2[] first = new Int2[arranged.Length + 1];
        for (int i = 0; i < arranged.Length; i++)
        {
            first[i + 1] = new Int2(first[i].X + arranged[i].Steps.Count, first[i].Y + arranged[i].Places.Length);
        }

        return first;
    }

    /// <summary>The steps of all ranges, which each count batches from 0, and one more, since a quad is fetched ahead.</summary>
    private static Int2[] StepsOf(QuadRange[] arranged)
    {
        List<Int2> steps = [];
        int batch = 0;
        foreach (QuadRange range in arranged)
        {
            int first = batch;
            steps.AddRange(range.Steps.Select(step => new Int2(step.X, first + step.Y)));
            batch += range.Places.Length;
        }

        return [.. steps, default];
    }
}

/// <summary>An order of quads for columns, as kernels read it.</summary>
/// <param name="rows">The row of each slot of each range, or -1.</param>
/// <param name="ranges">Each range's first step and first batch, and those behind the last.</param>
/// <param name="steps">For each step its quad's first row in the input, and behind its batches.</param>
/// <param name="places">For each batch its rows' places among the sums.</param>
/// <param name="rangeCount">Ranges.</param>
/// <param name="rangeRows">Slots of a range.</param>
internal readonly struct QuadColumnsView(
    ArrayView<int> rows, ArrayView<Int2> ranges, ArrayView<Int2> steps, ArrayView<int> places, int rangeCount, int rangeRows)
{
    public readonly int Ranges = rangeCount, RangeRows = rangeRows;

    /// <summary>The first step and batch of a range.</summary>
    public Int2 First(int range) => ranges[range];

    /// <summary>A step: its quad's first row, and behind its batches.</summary>
    public Int2 Step(int step) => steps[step];

    /// <summary>A batch's places.</summary>
    public uint Places(int batch) => (uint)places[batch];

    /// <summary>A row of a range, or -1.</summary>
    public int Row(int range, int slot) => rows[(range * RangeRows) + slot];
}
