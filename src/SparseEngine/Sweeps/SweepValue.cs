using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Sweeps;

/// <summary>One value of a key.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Node">What the key becomes; null where it is removed.</param>
internal sealed record SweepValue(string Text, YamlNode? Node)
{
    /// <summary>Stands for a file that has none of the key.</summary>
    public const string None = "none";

    private const char FileMark = '@';

    /// <summary>What it is called in names of folders.</summary>
    public string Label => Text[0] == FileMark ? Path.GetFileNameWithoutExtension(Text[1..]) : Text.Trim('"', '\'');

    /// <summary>The value as YAML, which tells whether it is still the same; empty where the key is removed.</summary>
    public string Yaml => Node is null ? "" : YamlWriter.Write(Node);

    /// <summary>Reads a value.</summary>
    /// <param name="text">YAML in a line, <c>@</c> and a file, or <c>none</c>.</param>
    /// <param name="key">The key that it is for.</param>
    /// <param name="file">The run's YAML, beside which a value's file may lie.</param>
    /// <exception cref="ConfigurationException">It is no YAML, or its file cannot be read.</exception>
    public static SweepValue Parse(string text, YamlPath key, string file) => text switch
    {
        None => new SweepValue(text, null),
        [FileMark, .. string name] => new SweepValue(text, ReadFile(name, key, file)),
        _ => new SweepValue(text, ReadLine(text, key)),
    };

    private static YamlNode ReadLine(string text, YamlPath key)
    {
        DiagnosticCollector diagnostics = new("");
        YamlNode? node = YamlLoader.Load(new StringReader(text), diagnostics);
        try
        {
            diagnostics.ThrowIfAnyError();
        }
        catch (ConfigurationException)
        {
            node = null;
        }

        return Unplaced(node ?? throw new ConfigurationException(
            $"--set {key.Text} has {text}, which is no YAML; valid: a number, a word, \"a text\", [a, list], {{a: map}}, @FILE or none"));
    }

    private static YamlNode ReadFile(string name, YamlPath key, string file)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, name);
        string path = Path.Exists(name) || !Path.Exists(beside) ? name : beside;
        if (name.Length == 0)
        {
            throw new ConfigurationException($"--set {key.Text} has @ without a file; valid: @FILE, a YAML file that holds the value");
        }

        DiagnosticCollector diagnostics = new(path);
        YamlNode? node = YamlLoader.Load(new StringReader(ParametersFile.ReadText(path)), diagnostics);
        diagnostics.ThrowIfAnyError();
        if (node is null or YamlScalar { IsNull: true })
        {
            throw new ConfigurationException([new Diagnostic(path, $"the file is empty; valid: the value of {key.Text}, or none in its place")]);
        }

        // A section in a file of its own may have its name above it, as it has in a run's file.
        node = node is YamlMapping { Entries: [{ Value: YamlMapping or YamlSequence } only] } && only.Key == key.Name ? only.Value : node;
        return MergedConfiguration.WithWholePaths(Unplaced(node), path);
    }

    /// <summary>The same value without places, which are none of the run's file.</summary>
    private static YamlNode Unplaced(YamlNode node) => node switch
    {
        YamlMapping map => new YamlMapping(default, [.. map.Entries.Select(entry => new YamlEntry(entry.Key, default, Unplaced(entry.Value)))]),
        YamlSequence list => new YamlSequence(default, [.. list.Items.Select(Unplaced)]),
        YamlScalar scalar => new YamlScalar(default, scalar.Text, scalar.IsPlain),
        _ => node,
    };
}
