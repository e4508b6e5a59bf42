namespace SparseEngine.PtxMachine.Execution;

/// <summary>The memory that a launch may touch: what its arguments view. All else is a guard zone.</summary>
public sealed class GlobalMemory
{
    private readonly ulong[] starts;
    private readonly ulong[] ends;

    /// <param name="views">Where each view starts, and its bytes; they may overlap.</param>
    public GlobalMemory(IEnumerable<(nint Start, long Bytes)> views)
    {
        List<(ulong Start, ulong End)> ranges = [];
        foreach ((nint start, long bytes) in views.Where(view => view.Bytes > 0).OrderBy(view => view.Start))
        {
            ulong first = (ulong)start;
            ulong end = first + (ulong)bytes;
            if (ranges.Count > 0 && first < ranges[^1].End)
            {
                ranges[^1] = (ranges[^1].Start, Math.Max(ranges[^1].End, end));
            }
            else
            {
                ranges.Add((first, end));
            }
        }

        starts = [.. ranges.Select(range => range.Start)];
        ends = [.. ranges.Select(range => range.End)];
    }

    /// <summary>The number of the range that holds some bytes, or -1.</summary>
    public int Find(ulong address, int bytes)
    {
        for (int i = 0; i < starts.Length; i++)
        {
            if (address >= starts[i] && address + (ulong)bytes <= ends[i])
            {
                return i;
            }
        }

        return -1;
    }

    public ulong Start(int range) => starts[range];

    public ulong End(int range) => ends[range];

    /// <summary>Where an address lies that is in no range.</summary>
    public string Describe(ulong address)
    {
        for (int i = starts.Length - 1; i >= 0; i--)
        {
            if (address >= starts[i])
            {
                return $"{address - starts[i]} bytes into an argument's {ends[i] - starts[i]}";
            }
        }

        return starts.Length == 0 ? "the arguments hold no memory" : $"{starts[0] - address} bytes before the first argument's memory";
    }
}
