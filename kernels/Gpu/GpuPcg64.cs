using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Gpu;

/// <summary>128 bits as two words, since kernels have no <see cref="System.UInt128"/>; arithmetic wraps.</summary>
internal readonly struct Word128(ulong high, ulong low)
{
    public readonly ulong High = high, Low = low;

    public static Word128 Of(UInt128 value) => new((ulong)(value >> 64), (ulong)value);

    public static Word128 operator +(Word128 a, Word128 b)
    {
        ulong low = a.Low + b.Low;
        return new Word128(a.High + b.High + (low < a.Low ? 1UL : 0UL), low);
    }

    public static Word128 operator *(Word128 a, Word128 b)
    {
        // The low words' product from their halves; the high words meet the low ones only.
        ulong a0 = a.Low & 0xFFFFFFFF;
        ulong a1 = a.Low >> 32;
        ulong b0 = b.Low & 0xFFFFFFFF;
        ulong b1 = b.Low >> 32;
        ulong middle = (a0 * b1) + ((a0 * b0) >> 32);
        ulong carried = (a1 * b0) + (middle & 0xFFFFFFFF);
        ulong high = (a1 * b1) + (middle >> 32) + (carried >> 32);
        return new Word128(high + (a.High * b.Low) + (a.Low * b.High), a.Low * b.Low);
    }
}

/// <summary><see cref="Pcg64"/> in a kernel: float32 draws from any one on, each thread with its own jump ahead.</summary>
internal struct GpuPcg64
{
    private readonly Word128 multiplier;
    private readonly Word128 increment;
    private Word128 state;
    private ulong bits;
    private int number;

    /// <summary>Takes over a generator as it was seeded.</summary>
    public GpuPcg64(Pcg64 seeded)
    {
        multiplier = Word128.Of(Pcg64.Multiplier);
        increment = Word128.Of(seeded.Increment);
        state = Word128.Of(seeded.State);
        bits = 0;
        number = 0;
    }

    /// <summary>
    /// Goes on with float32 draw <paramref name="draw"/>, counted from the seeded state: two draws share 64 bits (Brown, 1994, for the jump).
    /// </summary>
    public void JumpTo(int draw)
    {
        Word128 factor = new(0, 1);
        Word128 summand = new(0, 0);
        Word128 stepFactor = multiplier;
        Word128 stepSummand = increment;
        for (int steps = draw / 2; steps > 0; steps /= 2)
        {
            if (steps % 2 != 0)
            {
                factor *= stepFactor;
                summand = (summand * stepFactor) + stepSummand;
            }

            stepSummand = (stepFactor + new Word128(0, 1)) * stepSummand;
            stepFactor *= stepFactor;
        }

        state = (factor * state) + summand;
        number = draw;
        if (draw % 2 != 0)
        {
            Step();
        }
    }

    /// <summary>The next float32 in [0, 1).</summary>
    public float Next()
    {
        if (number % 2 == 0)
        {
            Step();
        }

        uint draw = (uint)(number % 2 == 0 ? bits : bits >> 32);
        number++;

        // Signed, since the conversion of unsigned numbers goes through double precision.
        return (int)(draw >> 8) * (1f / (1 << 24));
    }

    private void Step()
    {
        state = (state * multiplier) + increment;
        ulong folded = state.High ^ state.Low;
        int rotation = (int)(state.High >> 58);
        bits = (folded >> rotation) | (folded << ((64 - rotation) & 63));
    }
}
