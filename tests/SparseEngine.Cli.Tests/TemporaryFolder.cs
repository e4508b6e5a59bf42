namespace SparseEngine.Cli.Tests;

/// <summary>A folder of one test, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Location { get; } = Directory.CreateTempSubdirectory("sparse-engine-").FullName;

    /// <summary>The whole path of a file in it.</summary>
    public string File(params string[] parts) => Path.Combine([Location, .. parts]);

    /// <summary>Writes a text file in it.</summary>
    public string Write(string name, string text)
    {
        var path = File(name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Location, recursive: true);
}
