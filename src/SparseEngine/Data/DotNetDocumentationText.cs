using System.Collections.Concurrent;
using System.Text;
using System.Xml;

namespace SparseEngine.Data;

/// <summary>The prose of the XML reference documentation that every .NET SDK ships, as one text.</summary>
internal static class DotNetDocumentationText
{
    private const string Pack = "Microsoft.NETCore.App.Ref";
    private const ulong OrderSeed = 20;

    /// <summary>
    /// Reads, cleans and joins the documentation: one entry a line, near-duplicates dropped, in an order that depends only on the entries.
    /// </summary>
    /// <exception cref="DataException">There is no SDK's documentation on this machine.</exception>
    public static byte[] Load() => Load(FindFolder());

    /// <summary>The same for the XML files of one folder.</summary>
    /// <exception cref="DataException">A file cannot be read.</exception>
    internal static byte[] Load(string folder)
    {
        string[] files =
        [
            .. DataFiles.InFolder(folder, SearchOption.TopDirectoryOnly, file => file.EndsWith(".xml", StringComparison.Ordinal))
                .Select(file => file.Path),
        ];

        // The files' sizes differ a hundredfold: each core takes the next one when it is done with its last.
        List<(string Text, ulong[] Shingles)>[] entries =
            [.. Partitioner.Create(files, EnumerablePartitionerOptions.NoBuffering).AsParallel().AsOrdered().Select(Entries)];
        NearDuplicates seen = new();
        string[] order = [.. entries.SelectMany(list => list).Where(entry => seen.AddIfNew(entry.Shingles)).Select(entry => entry.Text)];

        // Shuffled, so that the held-out end of the text is like the rest.
        Permutation.Shuffle(order.AsSpan(), OrderSeed);
        return Encoding.UTF8.GetBytes(string.Join('\n', order));
    }

    private static string FindFolder()
    {
        List<string> tried = [];
        foreach (string root in DotNetRoots().Distinct(StringComparer.Ordinal))
        {
            string pack = Path.Combine(root, "packs", Pack);
            tried.Add(pack);
            if (!Directory.Exists(pack))
            {
                continue;
            }

            string? newest = Directory.EnumerateDirectories(pack)
                .OrderByDescending(path => Version.TryParse(Path.GetFileName(path).Split('-')[0], out Version? version) ? version : new Version())
                .SelectMany(path => Directory.Exists(Path.Combine(path, "ref")) ? Directory.EnumerateDirectories(Path.Combine(path, "ref")) : [])
                .FirstOrDefault(path => Directory.EnumerateFiles(path, "*.xml").Any());
            if (newest is not null)
            {
                return newest;
            }
        }

        throw new DataException(
            $"data_dir \"{SampleSource.DotNetDocumentation}\": no .NET SDK with reference documentation was found (looked at "
            + $"{string.Join(", ", tried)}); give a text file or a folder of .txt files as data_dir instead");
    }

    private static IEnumerable<string> DotNetRoots()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
        {
            yield return root;
        }

        // shared/Microsoft.NETCore.App/<version> of the runtime in use lies three levels below the root.
        string runtime = Path.TrimEndingDirectorySeparator(Path.GetDirectoryName(typeof(object).Assembly.Location) ?? AppContext.BaseDirectory);
        yield return Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));

        string program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Combine(folder, program);
            if (File.Exists(candidate))
            {
                yield return Path.GetDirectoryName(File.ResolveLinkTarget(candidate, returnFinalTarget: true)?.FullName ?? candidate)!;
            }
        }
    }

    private static List<(string Text, ulong[] Shingles)> Entries(string file)
    {
        try
        {
            using XmlReader reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
            return [.. DocumentationEntries.Read(reader).Select(text => (text, NearDuplicates.Shingles(text)))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or XmlException)
        {
            throw new DataException($"{file}: cannot be read: {exception.Message}", exception);
        }
    }
}
