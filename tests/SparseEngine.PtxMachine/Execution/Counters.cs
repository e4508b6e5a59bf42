using System.Numerics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>What the groups of a kernel's launches did, as a profiler would count it.</summary>
public sealed class Counters
{
    private const int SectorBytes = 32;
    private const int Banks = 32;
    private const int WordBytes = 4;

    // Bytes that shared memory serves at once.
    private const int WavefrontBytes = Banks * WordBytes;

    private readonly Program program;
    private readonly long[] entries;
    private readonly long[] lanes;
    private readonly AccessCounts[] accesses;
    private readonly HashSet<ulong> words = [];
    private readonly HashSet<(ulong Buffer, ulong Sector)> sectors = [];
    private readonly HashSet<(ulong Buffer, ulong Offset)> elements = [];

    public Counters(Program program)
    {
        this.program = program;
        entries = new long[program.Blocks.Length];
        lanes = new long[program.Blocks.Length];
        accesses = new AccessCounts[program.Instructions.Select(instruction => instruction.Index + 1).DefaultIfEmpty().Max()];
    }

    /// <summary>Each instruction and what it did, in the text's order.</summary>
    public IReadOnlyList<CountedInstruction> Instructions => [.. program.Blocks.SelectMany(Of).OrderBy(instruction => instruction.Line)];

    /// <summary>Notes that a warp executes a block.</summary>
    public void Enter(Block block, uint mask)
    {
        entries[block.Index]++;
        lanes[block.Index] += BitOperations.PopCount(mask);
    }

    /// <summary>Notes a warp's access to global memory: the 32-byte sectors it touches, and the fewest that hold as many bytes.</summary>
    /// <param name="instruction">What accesses it.</param>
    /// <param name="places">For each lane the buffer and where in it.</param>
    /// <param name="mask">The lanes.</param>
    /// <param name="bytes">Bytes of a lane.</param>
    public void Global(Instruction instruction, ReadOnlySpan<(ulong Buffer, ulong Offset)> places, uint mask, int bytes)
    {
        elements.Clear();
        sectors.Clear();
        for (; mask != 0; mask &= mask - 1)
        {
            (ulong buffer, ulong offset) = places[BitOperations.TrailingZeroCount(mask)];
            elements.Add((buffer, offset));
            sectors.Add((buffer, offset / SectorBytes));
        }

        Add(instruction, sectors.Count, ((elements.Count * bytes) + SectorBytes - 1) / SectorBytes);
    }

    /// <summary>
    /// Notes a warp's access to shared memory: how often its banks must serve it, and how often if its words lay evenly in them.
    /// 16 bytes a lane are served for 8 lanes at a time, 8 for 16; lanes that want the same word share it.
    /// </summary>
    public unsafe void Shared(Instruction instruction, ulong* addresses, long offset, uint mask, int bytes)
    {
        int together = Math.Min(Warp.Lanes, WavefrontBytes / bytes);
        Span<int> load = stackalloc int[Banks];
        int wavefronts = 0;
        int least = 0;
        for (int first = 0; first < Warp.Lanes; first += together)
        {
            words.Clear();
            load.Clear();
            for (int lane = first; lane < first + together; lane++)
            {
                ulong word = (addresses[lane] + (ulong)offset) / WordBytes;
                for (int i = 0; (mask >> lane & 1) != 0 && i < SharedMemory.Words(bytes); i++, word++)
                {
                    load[(int)(word % Banks)] += words.Add(word) ? 1 : 0;
                }
            }

            int most = 0;
            foreach (int count in load)
            {
                most = Math.Max(most, count);
            }

            wavefronts += most;
            least += (words.Count + Banks - 1) / Banks;
        }

        Add(instruction, wavefronts, least);
    }

    private IEnumerable<CountedInstruction> Of(Block block)
    {
        foreach (Instruction instruction in block.Body)
        {
            bool fused = program.FusedLines.Contains(instruction.Line);
            yield return new CountedInstruction(
                instruction.Line, instruction.Text, entries[block.Index], lanes[block.Index], fused, accesses[instruction.Index]);
        }

        // A block that only runs on into the next has no jump.
        if (block.End.Line > 0)
        {
            yield return new CountedInstruction(block.End.Line, block.End.Text, entries[block.Index], lanes[block.Index], IsFused: false, default);
        }
    }

    private void Add(Instruction instruction, int parts, int least)
    {
        ref AccessCounts counts = ref accesses[instruction.Index];
        counts += new AccessCounts(1, parts, least);
    }
}
