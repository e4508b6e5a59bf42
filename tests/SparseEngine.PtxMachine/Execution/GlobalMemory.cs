namespace SparseEngine.PtxMachine.Execution;

/// <summary>The memory that a launch may touch: what its arguments view. All else is a guard zone.</summary>
public sealed class GlobalMemory : IDisposable
{
    // Threads that write into one word are told apart only where elements are smaller.
    private const int WordBytes = 4;
    private readonly GlobalRange[] ranges;
    private readonly (ulong Start, ulong End, ulong Argument, GlobalRange Range)[] arguments;

    /// <param name="views">What the arguments view; it may overlap.</param>
    public GlobalMemory(IEnumerable<MemoryView> views)
    {
        MemoryView[] all = [.. views.Where(view => view.Bytes > 0).OrderBy(view => view.Start)];
        List<(ulong Start, ulong End, int Part, nint Buffer)> merged = [];
        foreach (MemoryView view in all)
        {
            ulong start = (ulong)view.Start;
            ulong end = start + (ulong)view.Bytes;
            int part = Math.Min(view.ElementBytes, WordBytes);
            if (merged.Count > 0 && start < merged[^1].End)
            {
                (ulong before, ulong until, int smallest, nint buffer) = merged[^1];
                merged[^1] = (before, Math.Max(until, end), Math.Min(smallest, part), buffer);
            }
            else
            {
                merged.Add((start, end, part, view.Buffer));
            }
        }

        ranges = [.. merged.Select(range => new GlobalRange(range.Start, range.End, range.Part, (ulong)range.Buffer))];
        arguments = [.. all.Select(view => Place(view, ranges))];
    }

    /// <summary>The memory of an argument that holds some bytes, or null.</summary>
    /// <param name="address">Where they start.</param>
    /// <param name="bytes">Their number.</param>
    /// <param name="among">The arguments that it may be, as <see cref="MemoryView.Argument"/> numbers them; none: any.</param>
    public (GlobalRange Range, ulong Start, ulong End)? Find(ulong address, int bytes, ulong among)
    {
        foreach ((ulong start, ulong end, ulong argument, GlobalRange range) in arguments)
        {
            if (address >= start && address < end && end - address >= (ulong)bytes && Holds(among, argument))
            {
                return (range, start, end);
            }
        }

        return null;
    }

    /// <summary>Where an address lies that no argument's memory holds.</summary>
    public string Describe(ulong address, ulong among)
    {
        (ulong Start, ulong End)[] own = [.. arguments.Where(one => Holds(among, one.Argument)).Select(one => (one.Start, one.End))];
        (ulong Start, ulong End)[] below = [.. own.Where(one => address >= one.Start).TakeLast(1)];
        return below is [(ulong start, ulong end)]
            ? $"{address - start} bytes into its argument's {end - start}"
            : own.Length == 0 ? "it has none" : $"{own[0].Start - address} bytes before its argument's";
    }

    public void Dispose()
    {
        foreach (GlobalRange range in ranges)
        {
            range.Dispose();
        }
    }

    private static bool Holds(ulong among, ulong argument) => among == 0 || (among & argument) != 0;

    private static (ulong Start, ulong End, ulong Argument, GlobalRange Range) Place(MemoryView view, GlobalRange[] ranges)
    {
        ulong start = (ulong)view.Start;
        GlobalRange range = ranges.Last(range => range.Start <= start);
        return (start, start + (ulong)view.Bytes, MemoryView.Argument(view.Place), range);
    }
}
