namespace SparseEngine.Configuration.Yaml;

/// <summary>Finds the name that a misspelt one was meant to be.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest edits, if they are few for its length; null otherwise.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        (string Name, int Edits) best = known.Select(candidate => (candidate, Distance(name, candidate))).OrderBy(pair => pair.Item2).ThenBy(pair => pair.candidate, StringComparer.Ordinal).FirstOrDefault((name, int.MaxValue));
        return best.Edits <= Math.Max(1, Math.Min(name.Length, best.Name.Length) / 3) ? best.Name : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that turn one word into another (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        int[,] edits = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }

                int substitution = edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                edits[i, j] = Math.Min(substitution, Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
                }
            }
        }

        return edits[a.Length, b.Length];
    }
}
