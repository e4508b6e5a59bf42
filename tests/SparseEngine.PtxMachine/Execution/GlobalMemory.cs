namespace SparseEngine.PtxMachine.Execution;

/// <summary>An argument's memory.</summary>
/// <param name="Start">Its address.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Buffer">Where the buffer starts that it is a part of.</param>
public readonly record struct MemoryView(nint Start, long Bytes, int ElementBytes, nint Buffer);

/// <summary>The memory that a launch may touch: what its arguments view. All else is a guard zone.</summary>
public sealed class GlobalMemory : IDisposable
{
    // Threads that write into one word are told apart only where elements are smaller.
    private const int WordBytes = 4;
    private readonly GlobalRange[] ranges;

    /// <param name="views">What the arguments view; it may overlap.</param>
    public GlobalMemory(IEnumerable<MemoryView> views)
    {
        List<(ulong Start, ulong End, int Part, nint Buffer)> merged = [];
        foreach (MemoryView view in views.Where(view => view.Bytes > 0).OrderBy(view => view.Start))
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
    }

    /// <summary>The range that holds some bytes, or null.</summary>
    public GlobalRange? Find(ulong address, int bytes)
    {
        foreach (GlobalRange range in ranges)
        {
            if (address >= range.Start && address < range.End && range.End - address >= (ulong)bytes)
            {
                return range;
            }
        }

        return null;
    }

    /// <summary>Where an address lies that is in no range.</summary>
    public string Describe(ulong address) => ranges.LastOrDefault(range => address >= range.Start) is { } below
        ? $"{address - below.Start} bytes into an argument's {below.End - below.Start}"
        : ranges.Length == 0 ? "the arguments hold no memory" : $"{ranges[0].Start - address} bytes before the first argument's";

    public void Dispose()
    {
        foreach (GlobalRange range in ranges)
        {
            range.Dispose();
        }
    }
}
