namespace SparseEngine.Cli.Tests;

/// <summary>A folder of one test, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Location { get; } = Directory.CreateTempSubdirectory("sparse-engine-").FullName;

    /// <summary>The whole path of a file in it.</summary>
    public string File(params string[] parts) => Path.Combine([Location, .. parts]);

    /// <summary>Writes a text file in it, with the folders that it lies in.</summary>
    public string Write(string name, string text)
    {
        string path = File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Location, recursive: true);
}
