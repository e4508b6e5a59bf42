namespace SparseEngine.Configuration.Sections;

/// <summary>Finds the known name that a misspelt one was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>The nearest of the known names; null where none is within a third of its letters.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string lowered = name.ToLowerInvariant();
        return known
            .Where(candidate => Math.Abs(candidate.Length - lowered.Length) <= Tolerance(candidate))
            .Select(candidate => (candidate, distance: Distance(lowered, candidate.ToLowerInvariant())))
            .Where(pair => pair.distance <= Tolerance(pair.candidate))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    private static int Tolerance(string candidate) => Math.Max(1, candidate.Length / 3);

    /// <summary>
    /// The fewest insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (optimal string
    /// alignment, after Damerau, 1964).
    /// </summary>
    internal static int Distance(string a, string b)
    {
        int[,] distances = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            distances[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            distances[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = a[i - 1] == b[j - 1] ? 0 : 1;
                int best = Math.Min(distances[i - 1, j - 1] + substitution, Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                distances[i, j] = swapped ? Math.Min(best, distances[i - 2, j - 2] + 1) : best;
            }
        }

        return distances[a.Length, b.Length];
    }
}
