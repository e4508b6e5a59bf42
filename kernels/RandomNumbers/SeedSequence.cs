namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>Expands integer seeds into the initial state of a generator, as numpy.random.SeedSequence does.</summary>
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
    public static void GenerateState(long seed, Span<ulong> words) => GenerateState([seed], words);

    /// <summary>The first words of numpy's <c>SeedSequence(seeds).generate_state(words, uint64)</c> for a list of integers.</summary>
    /// <param name="seeds">The entropy, each 0 or more.</param>
    /// <param name="words">Receives 64-bit words.</param>
    public static void GenerateState(ReadOnlySpan<long> seeds, Span<ulong> words)
    {
        Span<uint> pool = stackalloc uint[PoolSize];
        Mix(seeds, pool);
        uint hash = InitB;
        for (int i = 0; i < words.Length; i++)
        {
            uint low = Next(pool[2 * i % PoolSize], ref hash, MultB);
            uint high = Next(pool[((2 * i) + 1) % PoolSize], ref hash, MultB);
            words[i] = low | ((ulong)high << 32);
        }
    }

    // The first words fill the pool, zeros where there are too few; what does not fit is mixed into all of it.
    private static void Mix(ReadOnlySpan<long> seeds, Span<uint> pool)
    {
        Span<uint> entropy = seeds.Length <= PoolSize ? stackalloc uint[2 * PoolSize] : new uint[2 * seeds.Length];
        entropy = entropy[..WordsOf(seeds, entropy)];
        uint hash = InitA;
        for (int i = 0; i < PoolSize; i++)
        {
            pool[i] = Next(i < entropy.Length ? entropy[i] : 0, ref hash, MultA);
        }

        for (int source = 0; source < PoolSize; source++)
        {
            for (int destination = 0; destination < PoolSize; destination++)
            {
                if (source != destination)
                {
                    pool[destination] = Mixed(pool[destination], Next(pool[source], ref hash, MultA));
                }
            }
        }

        for (int source = PoolSize; source < entropy.Length; source++)
        {
            for (int destination = 0; destination < PoolSize; destination++)
            {
                pool[destination] = Mixed(pool[destination], Next(entropy[source], ref hash, MultA));
            }
        }
    }

    /// <summary>Each seed's own words, the low one first: one, or two above 32 bits. Returns how many they are.</summary>
    private static int WordsOf(ReadOnlySpan<long> seeds, Span<uint> words)
    {
        int count = 0;
        foreach (long seed in seeds)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(seed, nameof(seeds));
            words[count++] = (uint)seed;
            if (seed > uint.MaxValue)
            {
                words[count++] = (uint)(seed >> 32);
            }
        }

        return count;
    }

    private static uint Mixed(uint value, uint hashed)
    {
        uint mixed = (MixLeft * value) - (MixRight * hashed);
        return mixed ^ (mixed >> 16);
    }

    private static uint Next(uint value, ref uint hash, uint multiplier)
    {
        value ^= hash;
        hash *= multiplier;
        value *= hash;
        return value ^ (value >> 16);
    }
}
