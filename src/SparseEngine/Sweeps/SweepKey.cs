using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Sweeps;

/// <summary>A key and the values that it takes.</summary>
/// <param name="Path">Where it is in the file.</param>
/// <param name="Values">The values, in the order given.</param>
internal sealed record SweepKey(YamlPath Path, ImmutableArray<SweepValue> Values)
{
    private const string Valid = "KEY=VALUE,VALUE, such as sparsity.sparsity=0,0.5,0.75";

    /// <summary>Reads one setting of a command line.</summary>
    /// <param name="text">The setting: <c>KEY=VALUE,VALUE</c>.</param>
    /// <param name="file">The run's YAML, beside which a value's file may lie.</param>
    /// <exception cref="ConfigurationException">It is none, or a value's file cannot be read.</exception>
    public static SweepKey Parse(string text, string file)
    {
        if (FlowText.PlacesOf('=', text).Cast<int?>().FirstOrDefault() is not { } equals)
        {
            throw new ConfigurationException($"--set is \"{text}\"; valid: {Valid}");
        }

        string name = text[..equals].Trim();
        YamlPath path = YamlPath.TryParse(name) ?? throw new ConfigurationException(
            $"--set is \"{text}\", of which \"{name}\" names no key; "
            + "valid: a path such as optimizer.learning_rate or optimizer.learning_rate[0].steps");
        string[] values = [.. FlowText.Split(text[(equals + 1)..], ',')];
        if (values.Any(value => value.Length == 0))
        {
            throw new ConfigurationException(
                $"--set {name} has {(values.Length == 1 ? "no value" : "an empty value")}; "
                + $"valid: {name}=VALUE,VALUE, or none for a run without the key");
        }

        if (values.GroupBy(value => value).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"--set {name} has {twice.Key} twice; valid: each value once");
        }

        return new SweepKey(path, [.. values.Select(value => SweepValue.Parse(value, path, file))]);
    }

    /// <summary>The file's tree with one of the values.</summary>
    /// <exception cref="ConfigurationException">There is no such place in the file.</exception>
    public YamlNode Apply(YamlNode root, SweepValue value) => value.Node is { } node ? Path.Set(root, node) : Path.Remove(root);

    /// <summary>The problem with the key if nothing reads it, by what the reader said of it; null where it is read.</summary>
    /// <param name="warnings">What the reader found doubtful.</param>
    /// <param name="root">The file without the sweep's values.</param>
    public string? FindUnknown(IEnumerable<Diagnostic> warnings, YamlNode root)
    {
        const string unknown = " is not a known ";
        foreach (string text in warnings.Select(warning => warning.Text))
        {
            if (text.IndexOf(unknown, StringComparison.Ordinal) is not (> 0 and int end))
            {
                continue;
            }

            string subject = text[..end];
            if (subject == Path.Text || IsWithin(Path.Text, subject) || IsWithin(subject, Path.Text))
            {
                return text.Contains("did you mean", StringComparison.Ordinal) ? text : $"{subject} is not a known key{Suggestion(subject, root)}";
            }
        }

        return null;
    }

    private static bool IsWithin(string path, string section) =>
        path.StartsWith(section, StringComparison.Ordinal) && path.Length > section.Length && path[section.Length] is '.' or '[';

    /// <summary>What stands beside the key is what its writer has before the eyes.</summary>
    private static string Suggestion(string subject, YamlNode root)
    {
        if (YamlPath.TryParse(subject) is not { } path || path.ParentIn(root) is not { } parent)
        {
            return "";
        }

        string? nearest = NearestName.Find(path.Name, parent.Entries.Select(entry => entry.Key).Where(key => key != path.Name));
        return nearest is null ? "; valid: a key that the YAML of a run may have there" : $"; did you mean {nearest}?";
    }
}
