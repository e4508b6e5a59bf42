namespace SparseEngine.Files;

/// <summary>The place of a file on the disk, whatever links lead there.</summary>
internal static class RealPath
{
    // Where names differ by case alone, taking two files for one is an error message; taking one for two would lose it.
    private static readonly StringComparison Comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>Whether two paths of files that exist lead to one name. Two hard links are two names: replacing one leaves the other as it is.</summary>
    public static bool AreOne(string path, string other) => string.Equals(Of(path), Of(other), Comparison);

    private static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } folder)
        {
            return full;
        }

        string place = Path.Combine(Of(folder), Path.GetFileName(full));
        try
        {
            return File.ResolveLinkTarget(place, returnFinalTarget: true) is { } target ? Of(target.FullName) : place;
        }
        catch (IOException)
        {
            // A link that leads nowhere, or in a circle, is a name of its own.
            return place;
        }
    }
}
