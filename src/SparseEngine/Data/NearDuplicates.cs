namespace SparseEngine.Data;

/// <summary>Recognizes texts that mostly repeat earlier ones, by the runs of words they share (Broder, 1997).</summary>
internal sealed class NearDuplicates
{
    private const int ShingleWords = 5;
    private const double MostSeen = 0.5;

    private readonly HashSet<ulong> seen = [];
    private readonly List<ulong> words = [];

    /// <summary>Whether at most half of the text's runs of five words have been seen before; then they count as seen from now on.</summary>
    public bool AddIfNew(string text)
    {
        words.Clear();
        foreach (Range word in text.AsSpan().Split(' '))
        {
            words.Add(Hash(text.AsSpan(word)));
        }

        int shingles = Math.Max(1, words.Count - ShingleWords + 1);
        int repeated = 0;
        for (int i = 0; i < shingles; i++)
        {
            repeated += seen.Contains(Shingle(i)) ? 1 : 0;
        }

        if (repeated > MostSeen * shingles)
        {
            return false;
        }

        for (int i = 0; i < shingles; i++)
        {
            seen.Add(Shingle(i));
        }

        return true;
    }

    private ulong Shingle(int first)
    {
        ulong hash = 0;
        for (int i = first; i < Math.Min(first + ShingleWords, words.Count); i++)
        {
            hash = (hash ^ words[i]) * 0x9E3779B97F4A7C15UL;
            hash ^= hash >> 29;
        }

        return hash;
    }

    // FNV-1a over lower-cased letters: the same in every process, unlike string.GetHashCode.
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
