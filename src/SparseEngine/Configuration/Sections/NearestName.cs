namespace SparseEngine.Configuration.Sections;

/// <summary>Finds the known name that a misspelt one was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>The nearest of the known names; null where none is within a third of its letters.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        var lowered = name.ToLowerInvariant();
        return known
            .Where(candidate => Math.Abs(candidate.Length - lowered.Length) <= Tolerance(candidate))
            .Select(candidate => (candidate, distance: Distance(lowered, candidate)))
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
        var distances = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            distances[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            distances[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = a[i - 1] == b[j - 1] ? 0 : 1;
                var best = Math.Min(distances[i - 1, j - 1] + substitution, Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1);
                var swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                distances[i, j] = swapped ? Math.Min(best, distances[i - 2, j - 2] + 1) : best;
            }
        }

        return distances[a.Length, b.Length];
    }
}
