using System.Diagnostics.CodeAnalysis;

namespace SparseEngine.Configuration.Yaml;

/// <summary>Reads the keys of one map by type, reporting what does not fit and, at the end, keys that nobody asked for.</summary>
/// <param name="map">The map.</param>
/// <param name="path">The section's name for messages, <c>model</c>; empty at the top.</param>
/// <param name="diagnostics">Where problems go.</param>
internal sealed class SectionReader(YamlMapping map, string path, DiagnosticBag diagnostics)
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>The map itself, as a place for errors about the whole section.</summary>
    public YamlMapping Map => map;

    public DiagnosticBag Diagnostics => diagnostics;

    /// <summary>A key's name in messages.</summary>
    public string NameOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The value of a key, or of the first of its other names that stands there; null where it is absent or null.</summary>
    public YamlNode? Node(string key, params ReadOnlySpan<string> otherNames)
    {
        YamlNode? found = Own(key);
        foreach (string other in otherNames)
        {
            YamlNode? value = Own(other);
            found ??= value;
        }

        return found;

        YamlNode? Own(string name)
        {
            known.Add(name);
            return map.Find(name)?.Value is { } value and not YamlScalar { IsNull: true } ? value : null;
        }
    }

    /// <summary>Keys that are known and mean nothing here.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            known.Add(key);
        }
    }

    public long? Integer(string key, long minimum, long maximum, params ReadOnlySpan<string> otherNames)
    {
        YamlNode? node = Node(key, otherNames);
        if (node is null)
        {
            return null;
        }

        long? value = YamlValues.Integer(node);
        if (value >= minimum && value <= maximum)
        {
            return value;
        }

        Invalid(node, key, IntegerRange(minimum, maximum));
        return null;
    }

    /// <summary>An int that may be absent.</summary>
    public int? Int(string key, int minimum, params ReadOnlySpan<string> otherNames) => (int?)Integer(key, minimum, int.MaxValue, otherNames);

    /// <summary>An int that must be there; the minimum stands in for one that is reported missing or wrong.</summary>
    public int RequiredInt(string key, int minimum, params ReadOnlySpan<string> otherNames)
    {
        int? value = Int(key, minimum, otherNames);
        if (value is null && Node(key, otherNames) is null)
        {
            Missing(key, IntegerRange(minimum, int.MaxValue));
        }

        return value ?? minimum;
    }

    /// <summary>A number that may be absent.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isValid">Which numbers are.</param>
    /// <param name="valid">The same for people.</param>
    /// <param name="otherNames">Other names of the key.</param>
    public double? Number(string key, Func<double, bool> isValid, string valid, params ReadOnlySpan<string> otherNames)
    {
        YamlNode? node = Node(key, otherNames);
        if (node is null)
        {
            return null;
        }

        double? value = YamlValues.Number(node);
        if (value is { } number && isValid(number))
        {
            return value;
        }

        Invalid(node, key, valid);
        return null;
    }

    /// <summary>A number that must be there; 0 stands in for one that is reported missing or wrong.</summary>
    public double RequiredNumber(string key, Func<double, bool> isValid, string valid, params ReadOnlySpan<string> otherNames)
    {
        double? value = Number(key, isValid, valid, otherNames);
        if (value is null && Node(key, otherNames) is null)
        {
            Missing(key, valid);
        }

        return value ?? 0;
    }

    public bool? Boolean(string key)
    {
        YamlNode? node = Node(key);
        bool? value = node is null ? null : YamlValues.Boolean(node);
        if (node is not null && value is null)
        {
            Invalid(node, key, "true, false");
        }

        return value;
    }

    public string? Text(string key)
    {
        YamlNode? node = Node(key);
        if (node is null or YamlScalar)
        {
            return (node as YamlScalar)?.Value;
        }

        Invalid(node, key, "a text");
        return null;
    }

    /// <summary>One of several names, in any case; the result has the case of <paramref name="names"/>.</summary>
    public string? Name(string key, IReadOnlyList<string> names) =>
        Choice<int>(key, [.. names.Select((name, index) => (name, index))]) is { } index ? names[index] : null;

    /// <summary>The value of one of several names, in any case.</summary>
    public T? Choice<T>(string key, IReadOnlyList<(string Name, T Value)> choices)
        where T : struct
    {
        YamlNode? node = Node(key);
        if (node is null)
        {
            return null;
        }

        if (node is YamlScalar scalar)
        {
            foreach ((string name, T value) in choices)
            {
                if (string.Equals(name, scalar.Value, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }
        }

        Invalid(node, key, string.Join(", ", choices.Select(choice => choice.Name)));
        return null;
    }

    /// <summary>One of several names that must be there; the first stands in for one that is reported missing or wrong.</summary>
    public T RequiredChoice<T>(string key, IReadOnlyList<(string Name, T Value)> choices)
        where T : struct
    {
        T? value = Choice(key, choices);
        if (value is null && Node(key) is null)
        {
            Missing(key, string.Join(", ", choices.Select(choice => choice.Name)));
        }

        return value ?? choices[0].Value;
    }

    /// <summary>A value that is there but asks for something this program does not do.</summary>
    public void Refuse(string key, Func<YamlNode, bool> isRefused, string instead)
    {
        if (Node(key) is { } node && isRefused(node))
        {
            diagnostics.Error(node, $"{NameOf(key)} is {node.Quoted}, which is not supported; {instead}");
        }
    }

    /// <summary>A map that may be absent.</summary>
    public bool TrySection(string key, [NotNullWhen(true)] out SectionReader? section)
    {
        section = null;
        YamlNode? node = Node(key);
        if (node is YamlMapping mapping)
        {
            section = new SectionReader(mapping, NameOf(key), diagnostics);
        }
        else if (node is not null)
        {
            Invalid(node, key, "a map of keys");
        }

        return section is not null;
    }

    public void Invalid(YamlNode node, string key, string valid) => diagnostics.Error(node, $"{NameOf(key)} is {node.Quoted}; valid: {valid}");

    public void Missing(string key, string valid) => diagnostics.Error(map, $"{NameOf(key)} is missing; valid: {valid}");

    /// <summary>Warns of each key that was neither read nor ignored.</summary>
    public void Finish()
    {
        foreach (YamlEntry entry in map.Entries)
        {
            if (!known.Contains(entry.Key.Value))
            {
                string? meant = NearestName.Find(entry.Key.Value, known);
                diagnostics.Warning(entry.Key, $"{NameOf(entry.Key.Value)} is not a known key and has no effect{(meant is null ? "" : $"; did you mean {meant}?")}");
            }
        }
    }

    private static string IntegerRange(long minimum, long maximum) =>
        maximum >= int.MaxValue ? $"an integer of {minimum} or more" : $"an integer from {minimum} to {maximum}";
}
