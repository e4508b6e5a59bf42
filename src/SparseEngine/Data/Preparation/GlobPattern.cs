using System.IO.Enumeration;
using SparseEngine.Files;

namespace SparseEngine.Data.Preparation;

/// <summary>File patterns for shells that do not expand them: <c>*</c> and <c>?</c> within a name, <c>**</c> for any folders.</summary>
internal static class GlobPattern
{
    private const string AnyFolders = "**";

    private static readonly string[] AnyName = ["*"];

    /// <summary>Whether a path is a pattern.</summary>
    public static bool IsOne(string path) => path.AsSpan().ContainsAny('*', '?');

    /// <summary>The files that match, in ordinal order.</summary>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        string[] parts = pattern.Split(['/', Path.DirectorySeparatorChar]);
        int literal = Array.FindIndex(parts, IsOne);
        string root = string.Join(Path.DirectorySeparatorChar, parts[..literal]);
        string start = root.Length > 0 ? root : Path.IsPathRooted(pattern) ? Path.GetPathRoot(pattern)! : "";
        return [.. Match(start, parts.AsMemory(literal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Match(string folder, ReadOnlyMemory<string> parts)
    {
        string here = folder.Length > 0 ? folder : ".";
        if (!Directory.Exists(here))
        {
            return [];
        }

        string part = parts.Span[0];
        ReadOnlyMemory<string> rest = parts[1..];
        if (part == AnyFolders)
        {
            return FolderWalk.Folders(folder).SelectMany(child => Match(child, rest.IsEmpty ? AnyName : rest));
        }

        return rest.IsEmpty
            ? Named(Directory.EnumerateFiles(here))
            : (IsOne(part) ? Named(Directory.EnumerateDirectories(here)) : [Path.Combine(folder, part)]).SelectMany(child => Match(child, rest));

        IEnumerable<string> Named(IEnumerable<string> paths) => paths
            .Select(path => Path.GetFileName(path))
            .Where(name => FileSystemName.MatchesSimpleExpression(part, name, ignoreCase: false) && (name[0] != '.' || part[0] == '.'))
            .Select(name => Path.Combine(folder, name));
    }
}
