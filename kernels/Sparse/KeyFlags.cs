using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Flags the keys above a cut, and the first of those at it: in each part so many.</summary>
internal readonly ref struct KeyFlags<TRanking>(ReadOnlySpan<uint> bits, ReadOnlySpan<Run> runs, uint cut, int[] ties, Span<bool> selected) : IParts
    where TRanking : struct, IRanking
{
    private readonly ReadOnlySpan<uint> bits = bits;
    private readonly ReadOnlySpan<Run> runs = runs;
    private readonly Span<bool> selected = selected;

    /// <inheritdoc/>
    public void Do(int part)
    {
        int remaining = ties[part];
        foreach (Run run in Run.Part(runs, part, ties.Length, stackalloc Run[1]))
        {
            Flag(bits.Slice(run.Start, run.Length), cut, ref remaining, selected.Slice(run.Start, run.Length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Flag(ReadOnlySpan<uint> bits, uint cut, ref int remaining, Span<bool> selected)
    {
        int left = remaining;
        int i = 0;
        for (; i + Vector256<uint>.Count <= selected.Length; i += Vector256<uint>.Count)
        {
            Vector256<uint> keys = TRanking.Key(Vector256.Create(bits.Slice(i, Vector256<uint>.Count)));
            uint flags = Vector256.GreaterThan(keys, Vector256.Create(cut)).ExtractMostSignificantBits();
            uint ties = Vector256.Equals(keys, Vector256.Create(cut)).ExtractMostSignificantBits();
            if (ties != 0)
            {
                flags |= Lowest(ties, ref left);
            }

            // A byte for each of the eight bits: seven by shifts by seven that never meet, the last by itself.
            ulong bytes = (((flags & 0x7F) * 0x02040810204081UL) & 0x0101010101010101UL) | ((ulong)(flags >> 7) << 56);
            BinaryPrimitives.WriteUInt64LittleEndian(MemoryMarshal.AsBytes(selected.Slice(i, sizeof(ulong))), bytes);
        }

        for (; i < selected.Length; i++)
        {
            uint key = TRanking.Key(bits[i]);
            selected[i] = key > cut || (key == cut && Lowest(1, ref left) != 0);
        }

        remaining = left;
    }

    /// <summary>The lowest bits, <paramref name="left"/> at most, which becomes how many more there may be.</summary>
    private static uint Lowest(uint bits, ref int left)
    {
        int surplus = BitOperations.PopCount(bits) - left;
        left = Math.Max(0, -surplus);
        for (; surplus > 0; surplus--)
        {
            bits ^= 0x8000_0000 >> BitOperations.LeadingZeroCount(bits);
        }

        return bits;
    }
}
