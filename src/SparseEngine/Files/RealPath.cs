namespace SparseEngine.Files;

/// <summary>What a path stands for once all links in it are followed.</summary>
internal static class RealPath
{
    /// <summary>As many as Linux follows in one path.</summary>
    private const int MostLinks = 40;

    // Where names differ by case alone, taking two files for one is an error message; taking one for two would lose it.
    private static readonly StringComparison Comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>Whether two paths of files that exist lead to one name.</summary>
    /// <remarks>Two hard links are two names: replacing one leaves the other as it is.</remarks>
    /// <exception cref="IOException">A link cannot be read.</exception>
    public static bool AreOne(string path, string other) =>
        string.Equals(Of(path) ?? Path.GetFullPath(path), Of(other) ?? Path.GetFullPath(other), Comparison);

    /// <summary>The full path without links: equal where two paths lead to the same file.</summary>
    /// <returns>The path; null where there is nothing, or links lead in a circle.</returns>
    /// <exception cref="IOException">A link cannot be read.</exception>
    public static string? Of(string path)
    {
        Stack<string> rest = new();
        string real = Follow(Path.GetFullPath(path), rest) ?? Path.DirectorySeparatorChar.ToString();
        int links = 0;
        while (rest.TryPop(out string? name))
        {
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            string next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
            }
            else if (++links > MostLinks)
            {
                return null;
            }
            else
            {
                real = Follow(target, rest) ?? real;
            }
        }

        return Path.Exists(real) ? real : null;
    }

    /// <summary>Puts the names of a path before those that are still to be followed.</summary>
    /// <returns>Its root; null for a relative path.</returns>
    private static string? Follow(string path, Stack<string> rest)
    {
        string root = Path.GetPathRoot(path) ?? "";
        foreach (string name in path[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]).Reverse())
        {
            if (name is not ("" or "."))
            {
                rest.Push(name);
            }
        }

        return root.Length > 0 ? root : null;
    }
}
