using System.Numerics;
using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>
/// The generator behind numpy's <c>default_rng(seed)</c>: PCG64, a 128-bit congruential generator with XSL-RR output (O'Neill, 2014).
/// </summary>
public struct Pcg64
{
    internal static readonly UInt128 Multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);

    private readonly UInt128 increment;
    private UInt128 state;
    private uint buffered;
    private bool hasBuffered;

    /// <summary>Seeds the generator as <c>numpy.random.default_rng(seed)</c>.</summary>
    /// <param name="seed">0 or more.</param>
    public Pcg64(long seed)
        : this([seed])
    {
    }

    /// <summary>Seeds the generator as <c>numpy.random.default_rng(seeds)</c> with a list of integers.</summary>
    /// <param name="seeds">Each 0 or more.</param>
    public Pcg64(ReadOnlySpan<long> seeds)
    {
        Span<ulong> words = stackalloc ulong[4];
        SeedSequence.GenerateState(seeds, words);
        increment = (new UInt128(words[2], words[3]) << 1) | 1;
        Step();
        state += new UInt128(words[0], words[1]);
        Step();
    }

    /// <summary>The additive constant of its stream.</summary>
    internal readonly UInt128 Increment => increment;

    /// <summary>The state, which the next draw steps first.</summary>
    internal readonly UInt128 State => state;

    /// <summary>The next 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextUInt64()
    {
        Step();
        return Output(state);
    }

    /// <summary>The next 32 bits: the low half of a 64-bit draw first, then its high half.</summary>
    public uint NextUInt32()
    {
        if (hasBuffered)
        {
            hasBuffered = false;
            return buffered;
        }

        ulong draw = NextUInt64();
        buffered = (uint)(draw >> 32);
        hasBuffered = true;
        return (uint)draw;
    }

    /// <summary>A float32 in [0, 1): 24 bits of a 32-bit draw, as numpy 1.22 and later.</summary>
    public float NextSingle() => ToSingle(NextUInt32());

    /// <summary>A float64 in [0, 1): 53 bits of a 64-bit draw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>Fills <paramref name="destination"/> as <c>rng.random(n, dtype=float32)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void FillSingle(Span<float> destination)
    {
        int filled = 0;
        if (hasBuffered && !destination.IsEmpty)
        {
            destination[filled++] = NextSingle();
        }

        // Both halves of a draw at once, without the detour through the buffer.
        filled += FillInLanes(destination[filled..]);
        for (; filled + 1 < destination.Length; filled += 2)
        {
            Put(NextUInt64(), destination[filled..]);
        }

        if (filled < destination.Length)
        {
            destination[filled] = NextSingle();
        }
    }

    /// <summary>Skips <paramref name="draws"/> 64-bit draws in logarithmic time (Brown, 1994); a buffered half is dropped.</summary>
    public void Advance(UInt128 draws)
    {
        (UInt128 factor, UInt128 summand) = Jump(draws);
        state = (factor * state) + summand;
        hasBuffered = false;
    }

    /// <summary>Skips so many float32 draws in logarithmic time.</summary>
    internal void SkipSingles(long draws)
    {
        if (hasBuffered && draws > 0)
        {
            hasBuffered = false;
            draws--;
        }

        // None leaves a buffered half where it is.
        if (draws > 0)
        {
            Advance((UInt128)(draws / 2));
        }

        if (draws % 2 != 0)
        {
            NextUInt32();
        }
    }

    /// <summary>
    /// Fills as much as whole rounds of four 64-bit draws do, and returns how much that is: each lane draws every fourth, so that no multiplication
    /// waits for the one before.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FillInLanes(Span<float> destination)
    {
        const int Round = 8;
        int filled = 0;
        if (destination.Length < 4 * Round)
        {
            return filled;
        }

        (UInt128 factor, UInt128 summand) = Jump(4);
        UInt128 first = (state * Multiplier) + increment;
        UInt128 second = (first * Multiplier) + increment;
        UInt128 third = (second * Multiplier) + increment;
        UInt128 fourth = (third * Multiplier) + increment;
        for (; filled + Round <= destination.Length; filled += Round)
        {
            Span<float> round = destination.Slice(filled, Round);
            state = fourth;
            Put(Output(first), round);
            Put(Output(second), round[2..]);
            Put(Output(third), round[4..]);
            Put(Output(fourth), round[6..]);
            first = (first * factor) + summand;
            second = (second * factor) + summand;
            third = (third * factor) + summand;
            fourth = (fourth * factor) + summand;
        }

        return filled;
    }

    /// <summary>What <paramref name="draws"/> steps are in one: state = factor state + summand.</summary>
    private readonly (UInt128 Factor, UInt128 Summand) Jump(UInt128 draws)
    {
        UInt128 factor = UInt128.One;
        UInt128 summand = UInt128.Zero;
        UInt128 stepFactor = Multiplier;
        UInt128 stepSummand = increment;
        for (; draws > 0; draws >>= 1)
        {
            if ((draws & 1) != 0)
            {
                factor *= stepFactor;
                summand = (summand * stepFactor) + stepSummand;
            }

            stepSummand = (stepFactor + 1) * stepSummand;
            stepFactor *= stepFactor;
        }

        return (factor, summand);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ulong draw, Span<float> destination)
    {
        destination[0] = ToSingle((uint)draw);
        destination[1] = ToSingle((uint)(draw >> 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Output(UInt128 state) => BitOperations.RotateRight((ulong)(state >> 64) ^ (ulong)state, (int)(state >> 122));

    private static float ToSingle(uint draw) => (draw >> 8) * (1f / (1 << 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step() => state = (state * Multiplier) + increment;
}
