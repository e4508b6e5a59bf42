using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Sweeps;

/// <summary>A direction of the grid: a key and its values, or several keys that change together.</summary>
/// <param name="Keys">The keys, with as many values each.</param>
/// <param name="Points">The values in words, those of several keys side by side: <c>64:256</c>.</param>
internal sealed record SweepAxis(ImmutableArray<SweepKey> Keys, ImmutableArray<string> Points)
{
    private const char Beside = ':';
    private const string Valid = "KEY=VALUE,VALUE, such as sparsity.sparsity=0,0.5,0.75";

    /// <summary>The paths of its keys, as they were given.</summary>
    public string Text => string.Join(Beside, Keys.Select(key => key.Path.Text));

    /// <summary>What it is called in names of folders: the first of its keys, and as many more as it takes to tell its points apart.</summary>
    public string Name => string.Join('+', Telling.Select(key => key.Path.Name));

    /// <summary>The same with whole paths.</summary>
    public string LongName => string.Join('+', Telling.Select(key => key.Path.Text));

    private IEnumerable<SweepKey> Telling => Keys.Take(Enumerable.Range(1, Keys.Length)
        .FirstOrDefault(count => Enumerable.Range(0, Points.Length).Select(point => Label(point, count)).Distinct().Count() == Points.Length, 1));

    /// <summary>Reads one setting of a command line.</summary>
    /// <param name="text">The setting: <c>KEY=VALUE,VALUE</c>, or <c>KEY:KEY=VALUE:VALUE,VALUE:VALUE</c>.</param>
    /// <param name="file">The run's YAML, beside which a value's file may lie.</param>
    /// <exception cref="ConfigurationException">It is none, or a value's file cannot be read.</exception>
    public static SweepAxis Parse(string text, string file)
    {
        if (FlowText.PlacesOf('=', text).Cast<int?>().FirstOrDefault() is not { } equals)
        {
            throw new ConfigurationException($"--set is \"{text}\"; valid: {Valid}");
        }

        string name = text[..equals].Trim();
        YamlPath[] paths = [.. FlowText.Split(name, Beside).Select(key => YamlPath.TryParse(key) ?? throw new ConfigurationException(
            $"--set is \"{text}\", of which \"{key}\" names no key; "
            + "valid: a path such as optimizer.learning_rate or optimizer.learning_rate[0].steps"))];
        string[] points = [.. FlowText.Split(text[(equals + 1)..], ',')];
        string[][] values = [.. points.Select(point => Parts(point, paths.Length))];
        CheckValues(name, paths.Length, points, values);
        return new SweepAxis(
            [.. paths.Select((path, key) => new SweepKey(path, [.. values.Select(point => SweepValue.Parse(point[key], path, file))]))], [.. points]);
    }

    /// <summary>The paths of an axis one by one.</summary>
    /// <param name="text">Its <see cref="Text"/>.</param>
    public static string[] Paths(string text) => [.. FlowText.Split(text, Beside)];

    /// <summary>The values of a point, key by key; one alone is that of all.</summary>
    public static string[] Parts(string point, int keys)
    {
        string[] parts = keys == 1 ? [point] : [.. FlowText.Split(point, Beside)];
        return parts.Length == 1 ? [.. Enumerable.Repeat(parts[0], keys)] : parts;
    }

    /// <summary>What a point is called in names of folders.</summary>
    public string Label(int point) => Label(point, Telling.Count());

    /// <summary>A point's values as YAML, which tells whether they are still the same.</summary>
    public string Yaml(int point) => string.Join("---\n", Keys.Select(key => key.Values[point].Yaml));

    private static void CheckValues(string name, int keys, string[] points, string[][] values)
    {
        if (values.Any(point => point.Any(value => value.Length == 0)))
        {
            throw new ConfigurationException(
                $"--set {name} has {(points.Length == 1 && points[0].Length == 0 ? "no value" : "an empty value")}; "
                + $"valid: {name}={(keys == 1 ? "VALUE,VALUE" : "VALUE:VALUE,VALUE:VALUE")}, or none for a run without the key");
        }

        if (points.GroupBy(value => value).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"--set {name} has {twice.Key} twice; valid: each value once");
        }

        if (Array.FindIndex(values, point => point.Length != keys) is >= 0 and int wrong)
        {
            throw new ConfigurationException(
                Invariant($"--set {name} has {points[wrong]}, {values[wrong].Length} values for {keys} keys; ")
                + "valid: a value for each key in their order, or one for all");
        }
    }

    private string Label(int point, int keys) => string.Join('+', Keys.Take(keys).Select(key => key.Values[point].Label));
}
