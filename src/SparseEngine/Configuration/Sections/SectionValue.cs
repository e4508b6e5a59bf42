using System.Collections.Immutable;
using System.Numerics;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// A value with the path that names it. Each reading returns null where the value is not of the kind asked for, and records
/// what it is and what would be valid.
/// </summary>
/// <param name="path">Its path: <c>optimizer.learning_rate[0].steps</c>.</param>
/// <param name="position">Where a message about it points: its key, or the list item itself.</param>
/// <param name="node">What the file has there.</param>
/// <param name="diagnostics">Where problems go.</param>
internal sealed class SectionValue(string path, SourcePosition position, YamlNode node, DiagnosticCollector diagnostics)
{
    public string Path { get; } = path;

    public YamlNode Node { get; } = node;

    /// <summary>Where it is, for messages that come later: "params.yaml:12:5".</summary>
    public string Location => diagnostics.Location(position);

    /// <summary>Reads an integer between two bounds, both included.</summary>
    public long? AsInteger(long minimum, long maximum) => AsInteger(minimum, maximum, IntegerDescription(minimum));

    /// <summary>Reads an integer where other kinds of value could be too, which <paramref name="description"/> names.</summary>
    public long? AsInteger(long minimum, long maximum, string description)
    {
        bool isInteger = ScalarSyntax.TryInteger(Node is YamlScalar { IsPlain: true } scalar ? scalar.Text : "", out BigInteger value);
        if (isInteger && value >= minimum && value <= maximum)
        {
            return (long)value;
        }

        Reject(isInteger && value > maximum ? $"an integer from {minimum} to {maximum}" : description);
        return null;
    }

    /// <summary>Reads a number. Quotes around it are no hindrance, since some writers put them around <c>"1e-5"</c>.</summary>
    public double? AsNumber(Interval valid) => AsNumber(valid, valid.ToString());

    /// <summary>Reads a number where other kinds of value could be too, which <paramref name="description"/> names.</summary>
    public double? AsNumber(Interval valid, string description)
    {
        if (Node is YamlScalar scalar && ScalarSyntax.TryNumber(scalar.Text, out double value) && valid.Contains(value))
        {
            return value;
        }

        Reject(description);
        return null;
    }

    /// <summary>Reads true or false, also spelt yes, no, on, off.</summary>
    public bool? AsBoolean()
    {
        if (Node is YamlScalar { IsPlain: true } scalar && ScalarSyntax.TryBoolean(scalar.Text, out bool value))
        {
            return value;
        }

        Reject("true, false");
        return null;
    }

    /// <summary>Reads any single value as text.</summary>
    public string? AsText(string valid)
    {
        if (Node is YamlScalar { IsNull: false, Text.Length: > 0 } scalar)
        {
            return scalar.Text;
        }

        Reject(valid);
        return null;
    }

    /// <summary>Reads one of several words.</summary>
    public T? AsChoice<T>(Choices<T> choices)
        where T : struct
    {
        if (Node is YamlScalar scalar && choices.TryGet(scalar.Text, out T value))
        {
            return value;
        }

        Reject(choices.ToString());
        return null;
    }

    /// <summary>Reads one of several words, of which the Model Zoo has more than are implemented.</summary>
    public T? AsChoice<T>(Choices<T> choices, params ReadOnlySpan<string> unimplemented)
        where T : struct
    {
        foreach (string name in unimplemented)
        {
            if (Node is YamlScalar scalar && string.Equals(scalar.Text, name, StringComparison.OrdinalIgnoreCase))
            {
                Error($"is {Node.Display}, which is not implemented; valid: {choices}");
                return null;
            }
        }

        return AsChoice(choices);
    }

    /// <summary>Reads a map with keys of its own.</summary>
    public SectionReader? AsSection(string valid)
    {
        if (Node is YamlMapping mapping)
        {
            return new SectionReader(Path, position, mapping, diagnostics);
        }

        Reject(valid);
        return null;
    }

    /// <summary>Reads a map with keys of its own that may be left empty.</summary>
    public SectionReader? AsOptionalSection(string valid) => Node is YamlScalar { IsNull: true } ? AsEmptySection() : AsSection(valid);

    /// <summary>Reads a map of one key, which says what it is that its value describes: <c>AdamW: {eps: 1e-8}</c>.</summary>
    public (string Name, SectionValue Value)? AsNamed(string valid)
    {
        if (Entries() is [(string, SectionValue) named])
        {
            return named;
        }

        Reject(valid);
        return null;
    }

    /// <summary>Finds what a name stands for, which is this value's own key.</summary>
    public T? AsKind<T>(string name, Choices<T> choices)
        where T : struct
    {
        if (choices.TryGet(name, out T kind))
        {
            return kind;
        }

        string? nearest = NearestName.Find(name, choices.Names);
        Error(nearest is null ? $"is not implemented; valid: {choices}" : $"is not implemented; did you mean {nearest}? Valid: {choices}");
        return null;
    }

    /// <summary>A section without keys at this value's place: what a bare name stands for where a map could be.</summary>
    public SectionReader AsEmptySection() => new(Path, position, new YamlMapping(Node.Position, []), diagnostics);

    /// <summary>The items of a list, named <c>path[0]</c> and so on; nothing where the value is not a list.</summary>
    public ImmutableArray<SectionValue> Items() =>
        Node is YamlSequence sequence
            ? [.. sequence.Items.Select((item, index) => new SectionValue($"{Path}[{index}]", item.Position, item, diagnostics))]
            : [];

    /// <summary>The entries of a map whose keys are not names of settings; nothing where the value is not a map.</summary>
    public ImmutableArray<(string Key, SectionValue Value)> Entries() =>
        Node is YamlMapping mapping
            ? [.. mapping.Entries.Select(e => (e.Key, new SectionValue(KeyPath.Join(Path, e.Key), e.KeyPosition, e.Value, diagnostics)))]
            : [];

    /// <summary>Records that the value is not valid: "PATH is VALUE; valid: ...".</summary>
    public void Reject(string valid) => diagnostics.Error(position, $"{Path} is {Node.Display}; valid: {valid}");

    /// <summary>Records an error in words of its own, which follow the value's path.</summary>
    public void Error(string text) => diagnostics.Error(position, $"{Path} {text}");

    /// <summary>Records a doubt in words of its own, which follow the value's path.</summary>
    public void Warn(string text) => diagnostics.Warn(position, $"{Path} {text}");

    /// <summary>Records that this value's own key is none of those known; it is passed over.</summary>
    public void WarnOfUnknown(string what, IEnumerable<string> known)
    {
        string? nearest = NearestName.Find(Path[(Path.LastIndexOf('.') + 1)..], known);
        Warn($"is not a known {what}; {(nearest is null ? "it is ignored" : $"did you mean {nearest}?")}");
    }

    /// <summary>What an integer key may hold, in words.</summary>
    public static string IntegerDescription(long minimum) => $"an integer of at least {minimum}";
}
