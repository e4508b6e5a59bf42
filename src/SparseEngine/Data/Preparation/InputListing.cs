using SparseEngine.Files;

namespace SparseEngine.Data.Preparation;

/// <summary>What the inputs of a preparation name.</summary>
/// <param name="Files">The files of documents, in their order.</param>
/// <param name="LeftOut">How many files of the folders are none, by the ends of their names.</param>
internal sealed record InputListing(IReadOnlyList<InputFile> Files, IReadOnlyDictionary<string, int> LeftOut)
{
    private const string NoEnding = "no ending";

    /// <summary>A longer one is no ending but the rest of a sentence.</summary>
    private const int LongestEnding = 12;

    /// <summary>Finds the files that paths and patterns name, each real file once.</summary>
    /// <remarks>A folder's are those whose names end as a known kind's, subfolders included, in ordinal order.</remarks>
    /// <exception cref="DataException">A path does not exist, a folder has no such file, or a pattern matches none.</exception>
    public static InputListing Find(IReadOnlyList<string> inputs)
    {
        List<WalkedFile> leftOut = [];
        WalkedFile[] files = [.. FolderWalk.Once([.. inputs.SelectMany(input => FilesOf(input, leftOut))])];

        // What another input names, or another name of the same file, is not left out.
        HashSet<string> taken = [.. files.Select(file => file.RealPath!)];
        HashSet<string> named = [.. inputs];
        return new InputListing(
            [.. files.Select(file => DataFiles.Guard(file.Path, () => Describe(file, isNamed: named.Contains(file.Path))))],
            ByEnding(FolderWalk.Once(leftOut).Where(file => file.RealPath is null || !taken.Contains(file.RealPath))));
    }

    /// <remarks>
    /// Without a length there is nothing to read: it is empty, or a pipe in which a read would wait. Only who names a pipe means it.
    /// </remarks>
    private static InputFile Describe(WalkedFile file, bool isNamed)
    {
        long length = new FileInfo(file.RealPath!) is { Exists: true } info ? info.Length : 0;
        return new InputFile(file.Path, length, IsEmpty: length == 0 && !isNamed);
    }

    private static IReadOnlyList<WalkedFile> FilesOf(string input, List<WalkedFile> leftOut)
    {
        if (File.Exists(input))
        {
            return [DataFiles.Named(input)];
        }

        if (Directory.Exists(input))
        {
            List<WalkedFile> others = [];
            IReadOnlyList<WalkedFile> found = DataFiles.InFolder(input, SearchOption.AllDirectories, InputFile.IsOne, others);
            leftOut.AddRange(others);
            return found.Count > 0 ? found : throw new DataException(
                $"{input}: has no text; valid: files ending in {string.Join(", ", InputFile.Endings)}, "
                + $"or one of these and {string.Join(" or ", Compression.Endings)}"
                + (others.Count > 0 ? $"; it has: {string.Join(", ", ByEnding(others).Keys)}" : ""));
        }

        if (input == "-")
        {
            throw new DataException($"{input}: does not exist; standard input is /dev/stdin");
        }

        if (!GlobPattern.IsOne(input))
        {
            throw new DataException($"{input}: does not exist");
        }

        IReadOnlyList<WalkedFile> matches = [.. DataFiles.Guard(input, () => GlobPattern.Expand(input)).Select(DataFiles.Matched)];
        return matches.Count > 0 ? matches : throw new DataException($"{input}: matches no file");
    }

    private static SortedDictionary<string, int> ByEnding(IEnumerable<WalkedFile> files)
    {
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (WalkedFile file in files)
        {
            string ending = Ending(file.Path);
            counts[ending] = counts.GetValueOrDefault(ending) + 1;
        }

        return counts;
    }

    /// <summary>What a name ends in, that of a compression included: .tar.gz.</summary>
    private static string Ending(string path)
    {
        string compression = Compression.EndingOf(path);
        string ending = Path.GetExtension(path[..^compression.Length]);
        ending = ending.Length > LongestEnding || ending.Any(char.IsWhiteSpace) ? compression : ending + compression;
        return ending.Length > 0 ? OneLine.Of(ending.ToLowerInvariant()) : NoEnding;
    }
}
