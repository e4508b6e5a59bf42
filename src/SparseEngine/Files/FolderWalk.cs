namespace SparseEngine.Files;

/// <summary>A file by one of its names.</summary>
/// <param name="Path">The name: that of the folder as it was given, and on from there.</param>
/// <param name="RealPath">The same without links; null where a link leads to nothing.</param>
/// <param name="IsLinked">Whether a link within the folder led here.</param>
internal sealed record WalkedFile(string Path, string? RealPath, bool IsLinked);

/// <summary>The one way in which folders are walked here: links are followed, and each real folder is entered once.</summary>
/// <remarks>So no link leads in circles. Names come in ordinal order. Hard links are files of their own.</remarks>
internal static class FolderWalk
{
    /// <summary>A folder under a name of it, and whether a link led there.</summary>
    private readonly record struct Folder(string Path, string RealPath, bool IsLinked);

    /// <summary>The names of a folder's files, or of all below it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="depth">Whether folders in it are entered.</param>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be read.</exception>
    public static IReadOnlyList<WalkedFile> Files(string folder, SearchOption depth) =>
        [.. Walk(folder, depth).SelectMany(FilesIn).OrderBy(file => file.Path, StringComparer.Ordinal)];

    /// <summary>The folder and all below it; an empty name is the working directory's.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be read.</exception>
    public static IReadOnlyList<string> Folders(string folder) =>
        [.. Walk(folder, SearchOption.AllDirectories).Select(found => found.Path).Order(StringComparer.Ordinal)];

    /// <summary>Each real file once, in the order given: under its own name, where that is among them, else under the first.</summary>
    /// <remarks>What links to nothing stays.</remarks>
    public static IEnumerable<WalkedFile> Once(IReadOnlyList<WalkedFile> files)
    {
        HashSet<WalkedFile> chosen = [.. files.OrderBy(file => file.IsLinked).DistinctBy(file => file.RealPath ?? file.Path, StringComparer.Ordinal)];
        return files.Where(chosen.Remove);
    }

    /// <summary>All that is reached without a link comes before what links lead to: a folder goes by its own name, if it has one here.</summary>
    private static IEnumerable<Folder> Walk(string folder, SearchOption depth)
    {
        HashSet<string> entered = new(StringComparer.Ordinal);
        Queue<Folder> links = new();
        links.Enqueue(new Folder(folder, RealPath.Of(folder.Length > 0 ? folder : ".") ?? Path.GetFullPath(folder), IsLinked: false));
        while (links.TryDequeue(out Folder start))
        {
            Stack<Folder> below = new([start]);
            while (below.TryPop(out Folder here))
            {
                if (!entered.Add(here.RealPath))
                {
                    continue;
                }

                yield return here;
                foreach (string name in depth == SearchOption.AllDirectories ? Names(Directory.EnumerateDirectories(here.RealPath)).Reverse() : [])
                {
                    if (Step(here, name) is { RealPath: { } real } child)
                    {
                        Folder found = new(child.Path, real, child.IsLinked);
                        if (found.IsLinked == here.IsLinked)
                        {
                            below.Push(found);
                        }
                        else
                        {
                            links.Enqueue(found);
                        }
                    }
                }
            }
        }
    }

    private static IEnumerable<WalkedFile> FilesIn(Folder folder) =>
        Names(Directory.EnumerateFiles(folder.RealPath)).Select(name => Step(folder, name));

    private static WalkedFile Step(Folder folder, string name)
    {
        string real = Path.Combine(folder.RealPath, name);
        bool isLink = new FileInfo(real).LinkTarget is not null;
        return new WalkedFile(Path.Combine(folder.Path, name), isLink ? RealPath.Of(real) : real, folder.IsLinked || isLink);
    }

    private static IEnumerable<string> Names(IEnumerable<string> paths) => paths.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
