namespace SparseEngine.Cli.Tests.Architecture;

/// <summary>Source is read in two columns beside each other: the compiler and its analyzers do not look at the length of lines.</summary>
public sealed class LineLengthTests
{
    private const int Longest = 150;

    [Theory]
    [InlineData("kernels")]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    [InlineData("examples")]
    public void No_line_of_source_has_more_than_150_characters(string folder)
    {
        string? repository = Repository();
        Assert.SkipWhen(repository is null, "These tests do not lie in the repository.");

        string[] files =
        [
            .. Directory.EnumerateFiles(Path.Combine(repository, folder), "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(repository, file))
                .Where(IsWritten)
                .Order(StringComparer.Ordinal),
        ];
        string[] tooLong = [.. files.SelectMany(file => LongLines(repository, file))];

        Assert.NotEmpty(files);
        Assert.True(tooLong.Length == 0, $"Lines of more than {Longest} characters:\n{string.Join('\n', tooLong)}");
    }

    /// <summary>The folder of the solution, above that of the built tests.</summary>
    private static string? Repository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "SparseEngine.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }

    /// <summary>What builds leave behind is not written by hand.</summary>
    private static bool IsWritten(string file) => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj");

    private static IEnumerable<string> LongLines(string repository, string file) => File.ReadLines(Path.Combine(repository, file))
        .Index()
        .Where(line => line.Item.Length > Longest)
        .Select(line => $"{file}:{line.Index + 1}: {line.Item.Length}");
}
