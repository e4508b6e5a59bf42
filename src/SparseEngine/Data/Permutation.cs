namespace SparseEngine.Data;

/// <summary>Random orders that stay the same for a seed, whatever the runtime's version.</summary>
internal static class Permutation
{
    /// <summary>Shuffles by Fisher and Yates, drawing from SplitMix64 (Steele, Lea and Flood, 2014).</summary>
    public static void Shuffle<T>(Span<T> items, ulong seed)
    {
        ulong state = seed;
        for (int i = items.Length - 1; i > 0; i--)
        {
            state += 0x9E3779B97F4A7C15UL;

            // The high half of the product is below i + 1, and as good as uniform: 2^64 is far above any length.
            int j = (int)Math.BigMul(Mix(state), (ulong)i + 1, out _);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The seed of one of several unrelated orders.</summary>
    /// <remarks>
    /// Both numbers are mixed: seeds that differ by SplitMix64's increment draw the same numbers one place apart, and so give nearly the same order.
    /// </remarks>
    public static ulong SeedOf(int seed, long stream) => Mix(Mix(unchecked((ulong)seed)) ^ unchecked((ulong)stream));

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
        return bits ^ (bits >> 31);
    }
}
