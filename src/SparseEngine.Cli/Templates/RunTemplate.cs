using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using SparseEngine.Cli.Shells;
using static System.FormattableString;

namespace SparseEngine.Cli.Templates;

/// <summary>A commented YAML of <c>configs/</c> to start from. It runs as it is, and so does what is made of it here.</summary>
internal sealed partial class RunTemplate
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string config;
    private readonly string data;

    private RunTemplate(string name, string config, string data) => (Name, this.config, this.data) = (name, config, data);

    /// <summary>All of them, from the smallest to the largest.</summary>
    public static IReadOnlyList<RunTemplate> All { get; } =
    [
        new("tiny", "quickstart", "dotnet-docs"),
        new("mini", "mini", "dotnet-docs"),
        new("midi", "midi", "dotnet-docs"),
        new("small", "small", "dotnet-docs"),
        new("gpt2-small", "gpt2-small", "gpt2-data"),
    ];

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The YAML.</summary>
    /// <param name="file">The path that the commands in its comments name; its model directory is called like it.</param>
    /// <param name="sparsity">The share of zeros, in [0, 1); null for the template's own.</param>
    /// <param name="dataDirectory">What to train on; null for the template's own.</param>
    /// <param name="layout">How it is laid out; what it says is the same.</param>
    public string Text(
        string file, double? sparsity = null, string? dataDirectory = null, TemplateLayout layout = TemplateLayout.Sections)
    {
        string source = layout == TemplateLayout.Trainer ? $"trainer/{config}.yaml" : $"{config}.yaml";
        Dictionary<string, string> words = new()
        {
            [$"configs/{source}"] = ShellWords.Quote(file),
            [$"out/{config}"] = $"out/{ShellWords.Quote(Path.GetFileNameWithoutExtension(file))}",
            [data] = ShellWords.Quote(dataDirectory ?? data),
        };
        Regex word = new(string.Join('|', words.Keys.Select(Regex.Escape)));
        string text = CommandLine().Replace(Read(source), command => word.Replace(command.Value, found => words[found.Value]));
        if (dataDirectory is not null)
        {
            text = DataDirectory().Replace(text, given => Quoted(Path.Join(dataDirectory, given.Groups["path"].Value[data.Length..].TrimStart('/'))));
        }

        return sparsity is { } level ? WithSparsity(text, level) : text;
    }

    /// <summary>The commands that a template's text names in its first comment, in the order in which they are to be run.</summary>
    public static IEnumerable<string> CommandsOf(string text) => CommandLine().Matches(text).Select(command => command.Value);

    /// <summary>
    /// Initial weights that a template gives for its own share of zeros are rescaled: with fewer inputs to a unit they have to be larger
    /// for its output to keep its variance (Evci et al., arXiv 2010.03533). Sparse muP does so by itself.
    /// </summary>
    private static string WithSparsity(string text, double level)
    {
        double own = Number(Sparsity().Match(text));
        double scale = Math.Sqrt((1 - own) / (1 - level));
        text = Sparsity().Replace(text, given => $"{level.ToString(CultureInfo.InvariantCulture)} ".PadRight(given.Length));
        return text.Contains("mup_base_density", StringComparison.Ordinal)
            ? text
            : Deviation().Replace(text, given => Invariant($"{Number(given) * scale:0.####}"));
    }

    private static double Number(Match match) => double.Parse(match.ValueSpan, CultureInfo.InvariantCulture);

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Readable);

    private static string Read(string source)
    {
        using StreamReader reader = new(typeof(RunTemplate).Assembly.GetManifestResourceStream(source)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("(?<=^#   )sparse-engine .*$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex("(?<=^ +data_dir: )\"(?<path>[^\"]*)\"", RegexOptions.Multiline)]
    private static partial Regex DataDirectory();

    [GeneratedRegex("(?<=^ +sparsity: )[0-9.]+ +", RegexOptions.Multiline)]
    private static partial Regex Sparsity();

    [GeneratedRegex("(?<=std: )[0-9.]+")]
    private static partial Regex Deviation();
}
