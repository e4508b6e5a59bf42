namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>Expands an integer seed into the initial state of a generator, as numpy.random.SeedSequence does.</summary>
/// <remarks>The algorithm is M. O'Neill's seed_seq_fe128 with a pool of four words.</remarks>
public static class SeedSequence
{
    private const int PoolSize = 4;
    private const uint InitA = 0x43b0d7e5;
    private const uint MultA = 0x931e8875;
    private const uint InitB = 0x8b51f9dd;
    private const uint MultB = 0x58f38ded;
    private const uint MixLeft = 0xca01f9dd;
    private const uint MixRight = 0x4973f715;

    /// <summary>The first words of numpy's <c>SeedSequence(seed).generate_state(words, uint64)</c>.</summary>
    /// <param name="seed">The entropy, 0 or more.</param>
    /// <param name="words">Receives 64-bit words.</param>
    public static void GenerateState(long seed, Span<ulong> words)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        Span<uint> pool = stackalloc uint[PoolSize];
        Mix((uint)seed, (uint)(seed >> 32), pool);
        uint hash = InitB;
        for (int i = 0; i < words.Length; i++)
        {
            uint low = Next(pool[2 * i % PoolSize], ref hash, MultB);
            uint high = Next(pool[((2 * i) + 1) % PoolSize], ref hash, MultB);
            words[i] = low | ((ulong)high << 32);
        }
    }

    // A seed's words beyond the highest non-zero one are the zeros that pad the pool, so two are enough for 64 bits.
    private static void Mix(uint low, uint high, Span<uint> pool)
    {
        uint hash = InitA;
        pool[0] = Next(low, ref hash, MultA);
        pool[1] = Next(high, ref hash, MultA);
        pool[2] = Next(0, ref hash, MultA);
        pool[3] = Next(0, ref hash, MultA);
        for (int source = 0; source < PoolSize; source++)
        {
            for (int destination = 0; destination < PoolSize; destination++)
            {
                if (source != destination)
                {
                    uint mixed = (MixLeft * pool[destination]) - (MixRight * Next(pool[source], ref hash, MultA));
                    pool[destination] = mixed ^ (mixed >> 16);
                }
            }
        }
    }

    private static uint Next(uint value, ref uint hash, uint multiplier)
    {
        value ^= hash;
        hash *= multiplier;
        value *= hash;
        return value ^ (value >> 16);
    }
}
