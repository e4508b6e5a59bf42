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
