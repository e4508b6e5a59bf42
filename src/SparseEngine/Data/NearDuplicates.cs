using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SparseEngine.Data;

/// <summary>Recognizes texts that mostly repeat earlier ones, by the runs of words they share (Broder, 1997).</summary>
internal sealed class NearDuplicates
{
    private const int ShingleWords = 5;
    private const double MostSeen = 0.5;

    private readonly HashSet<ulong> seen = [];

    /// <summary>A text's runs of five words, each as a number; of a shorter text the one run that it is.</summary>
    /// <remarks>Apart from <see cref="AddIfNew"/>, so that many texts are read at once while their order decides which stay.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong[] Shingles(string text)
    {
        List<ulong> words = [];
        foreach (Range word in text.AsSpan().Split(' '))
        {
            words.Add(Hash(text.AsSpan(word)));
        }

        ulong[] shingles = new ulong[Math.Max(1, words.Count - ShingleWords + 1)];
        for (int i = 0; i < shingles.Length; i++)
        {
            shingles[i] = Shingle(CollectionsMarshal.AsSpan(words)[i..Math.Min(i + ShingleWords, words.Count)]);
        }

        return shingles;
    }

    /// <summary>Whether at most half of a text's runs of five words have been seen before; then they count as seen from now on.</summary>
    public bool AddIfNew(ReadOnlySpan<ulong> shingles)
    {
        int repeated = 0;
        foreach (ulong shingle in shingles)
        {
            repeated += seen.Contains(shingle) ? 1 : 0;
        }

        if (repeated > MostSeen * shingles.Length)
        {
            return false;
        }

        foreach (ulong shingle in shingles)
        {
            seen.Add(shingle);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Shingle(ReadOnlySpan<ulong> words)
    {
        ulong hash = 0;
        foreach (ulong word in words)
        {
            hash = (hash ^ word) * 0x9E3779B97F4A7C15UL;
            hash ^= hash >> 29;
        }

        return hash;
    }

    // Optimized from the first call on, as the texts of a whole documentation are read once, before the runtime would get to it.
    // FNV-1a over lower-cased letters: the same in every process, unlike string.GetHashCode.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Hash(ReadOnlySpan<char> word)
    {
        ulong hash = 0xCBF29CE484222325UL;
        foreach (char c in word)
        {
            hash = (hash ^ char.ToLowerInvariant(c)) * 0x100000001B3UL;
        }

        return hash;
    }
}
