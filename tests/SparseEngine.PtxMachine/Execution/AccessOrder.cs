namespace SparseEngine.PtxMachine.Execution;

/// <summary>
/// When threads of a launch access memory: the number of the phase between barriers, which counts on from group to group, and the thread, in
/// one word. Of two accesses by different threads in the same phase none is before the other, nor of two by different groups.
/// </summary>
public sealed class AccessOrder
{
    /// <summary>Several threads, in place of one.</summary>
    public const uint Several = (1u << ThreadBits) - 1;

    /// <summary>Atomic operations, in place of a thread.</summary>
    public const uint Atomic = Several - 1;

    /// <summary>The most threads of a group that fit beside these.</summary>
    public const int MostThreads = 1024;

    private const int ThreadBits = 11;
    private const uint LastPhase = (1u << (32 - ThreadBits)) - 1;

    private uint phase;

    /// <summary>Below all accesses of the present phase.</summary>
    public uint Current => phase << ThreadBits;

    /// <summary>Below all accesses of the present group.</summary>
    public uint GroupStart { get; private set; }

    /// <summary>An access of a thread in the present phase.</summary>
    public uint Of(int thread) => Current + (uint)thread + 1;

    public void StartGroup()
    {
        StartPhase();
        GroupStart = Current;
    }

    public void StartPhase()
    {
        if (phase == LastPhase)
        {
            throw new InvalidOperationException("too many groups and barriers in one launch");
        }

        phase++;
    }

    /// <summary>What two unordered accesses are.</summary>
    /// <param name="does">What the present access does: "reads".</param>
    /// <param name="memory">What memory it is.</param>
    /// <param name="done">What the other did: "written".</param>
    /// <param name="access">The other.</param>
    public string Race(string does, string memory, string done, uint access)
    {
        string others = (access & Several) switch
        {
            Several => "several threads have",
            Atomic => "atomic operations have",
            uint number => $"thread {number - 1} of the group has",
        };
        return access < GroupStart
            ? $"{does} {memory} that another group has {done}"
            : $"{does} {memory} that {others} {done} since the last barrier";
    }
}
