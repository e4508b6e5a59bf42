using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Files;

namespace SparseEngine.Sweeps;

/// <summary>What a sweep keeps in its folder: what it is, and which of its runs have ended how.</summary>
internal sealed record SweepFolder
{
    /// <summary>The file.</summary>
    public const string FileName = "sweep.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>What the sweep is.</summary>
    public required SweepDefinition Definition { get; init; }

    /// <summary>The runs that are done.</summary>
    public IReadOnlyList<string> Done { get; init; } = [];

    /// <summary>The runs that failed, and why.</summary>
    public IReadOnlyDictionary<string, string> Failed { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a folder is a sweep's.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, FileName));

    /// <summary>Reads the file.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or no sweep has written it.</exception>
    public static SweepFolder Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            SweepFolder? folder = JsonSerializer.Deserialize<SweepFolder>(File.ReadAllBytes(path), Json);
            if (folder is
                { Definition: { Keys.IsDefault: false, Options.IsDefault: false, Runs.IsDefault: false }, Done: not null, Failed: not null })
            {
                return folder;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read: {OneLine.Of(exception.Message)}");
        }
        catch (JsonException)
        {
            // As below.
        }

        throw new ConfigurationException($"{path}: is not what a sweep writes; valid: a new or empty folder, or that of the same sweep");
    }

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Write(string directory) => AtomicFile.Write(
        Path.Combine(directory, FileName), stream => JsonSerializer.Serialize(stream, this, Json));

    /// <summary>What a run has come to.</summary>
    public SweepResult ResultOf(string directory, string run) => SweepResult.Read(
        Path.Combine(directory, run),
        Failed.ContainsKey(run) ? SweepStatus.Failed : Done.Contains(run) ? SweepStatus.Done : null,
        Failed.GetValueOrDefault(run));
}
