using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>A digit of keys that share all digits before it: three make a key, of 11, 11 and 10 bits.</summary>
/// <param name="Prefix">The digits before.</param>
/// <param name="Known">Below which bit of a key the digit begins: those from there on are the prefix.</param>
internal readonly record struct RadixDigit(uint Prefix, int Known)
{
    /// <summary>Values of a digit. Histograms of one stay in the L1 cache.</summary>
    public const int Values = 1 << Bits;

    private const int KeyBits = 32;
    private const int Bits = 11;

    /// <summary>The first digit, of all keys.</summary>
    public static RadixDigit Highest => new(0, KeyBits);

    /// <summary>Whether it is the first.</summary>
    public bool IsHighest => Known == KeyBits;

    /// <summary>Whether no digit is left: the prefix is the key.</summary>
    public bool IsLast => Known == 0;

    /// <summary>The bit of a key that it ends with.</summary>
    public int Shift => Math.Max(0, Known - Bits);

    /// <summary>The lowest key with the prefix.</summary>
    public uint LowestKey => Prefix << Known;

    /// <summary>The next digit of those keys that have a value here.</summary>
    public RadixDigit Followed(int by) => new((Prefix << (Known - Shift)) | (uint)by, Shift);
}

/// <summary>Counts keys by the value of a digit, each part those of its runs.</summary>
internal readonly ref struct DigitCounts<TRanking>(
    ReadOnlySpan<uint> bits, ReadOnlySpan<Run> runs, RadixDigit digit, int parts, int[] counts) : IParts
    where TRanking : struct, IRanking
{
    // Neighbours count in different histograms: an addition to the same number as the one before has to wait for it.
    private const int Histograms = 4;

    private readonly ReadOnlySpan<uint> bits = bits;
    private readonly ReadOnlySpan<Run> runs = runs;

    /// <inheritdoc/>
    public void Do(int part)
    {
        Span<int> histograms = stackalloc int[RadixDigit.Values * Histograms];
        histograms.Clear();
        foreach (Run run in Run.Part(runs, part, parts, stackalloc Run[1]))
        {
            if (digit.IsHighest)
            {
                CountHighest(bits.Slice(run.Start, run.Length), histograms);
            }
            else
            {
                Count(bits.Slice(run.Start, run.Length), digit, histograms);
            }
        }

        Span<Vector256<int>> sums = MemoryMarshal.Cast<int, Vector256<int>>(counts.AsSpan(part * RadixDigit.Values, RadixDigit.Values));
        ReadOnlySpan<Vector256<int>> vectors = MemoryMarshal.Cast<int, Vector256<int>>(histograms);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = vectors[i] + vectors[sums.Length + i] + (vectors[(2 * sums.Length) + i] + vectors[(3 * sums.Length) + i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountHighest(ReadOnlySpan<uint> bits, Span<int> histograms)
    {
        int shift = RadixDigit.Highest.Shift;
        Span<int> first = histograms[..RadixDigit.Values];
        Span<int> second = histograms.Slice(RadixDigit.Values, RadixDigit.Values);
        Span<int> third = histograms.Slice(2 * RadixDigit.Values, RadixDigit.Values);
        Span<int> fourth = histograms.Slice(3 * RadixDigit.Values, RadixDigit.Values);
        int i = 0;
        for (; i + 3 < bits.Length; i += 4)
        {
            first[(int)(TRanking.Key(bits[i]) >> shift)]++;
            second[(int)(TRanking.Key(bits[i + 1]) >> shift)]++;
            third[(int)(TRanking.Key(bits[i + 2]) >> shift)]++;
            fourth[(int)(TRanking.Key(bits[i + 3]) >> shift)]++;
        }

        for (; i < bits.Length; i++)
        {
            first[(int)(TRanking.Key(bits[i]) >> shift)]++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(ReadOnlySpan<uint> bits, RadixDigit digit, Span<int> histograms)
    {
        (uint prefix, int known) = digit;
        int shift = digit.Shift;
        uint mask = (1u << (known - shift)) - 1;
        ReadOnlySpan<Vector256<uint>> vectors = MemoryMarshal.Cast<uint, Vector256<uint>>(bits);
        for (int i = 0; i < vectors.Length; i++)
        {
            // Few share the prefix.
            uint hits = Vector256.Equals(TRanking.Key(vectors[i]) >> known, Vector256.Create(prefix)).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1)
            {
                int lane = BitOperations.TrailingZeroCount(hits);
                uint key = TRanking.Key(bits[(i * Vector256<uint>.Count) + lane]);
                histograms[(lane % Histograms * RadixDigit.Values) + (int)((key >> shift) & mask)]++;
            }
        }

        foreach (uint element in bits[(vectors.Length * Vector256<uint>.Count)..])
        {
            uint key = TRanking.Key(element);
            if (key >> known == prefix)
            {
                histograms[(int)((key >> shift) & mask)]++;
            }
        }
    }
}
