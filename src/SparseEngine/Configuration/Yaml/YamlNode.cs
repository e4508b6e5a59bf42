namespace SparseEngine.Configuration.Yaml;

/// <summary>A place in a YAML file, counted from 1; the default value stands for the file as a whole.</summary>
internal readonly record struct SourcePosition(int Line, int Column) : IComparable<SourcePosition>
{
    public int CompareTo(SourcePosition other) => (Line, Column).CompareTo((other.Line, other.Column));
}

/// <summary>A value in a YAML file and where it stands. Aliases share the node of their anchor.</summary>
internal abstract class YamlNode(SourcePosition position)
{
    public SourcePosition Position { get; } = position;

    /// <summary>How a message shows the value: <c>"topkk"</c>, <c>1e-5</c>, <c>a list</c>.</summary>
    public abstract string Display { get; }
}

/// <summary>A single value.</summary>
/// <param name="position">Where it begins.</param>
/// <param name="text">Its text, quotes and escapes resolved.</param>
/// <param name="isPlain">Whether it is written without quotes, so that it can be a number, a boolean or null.</param>
internal sealed class YamlScalar(SourcePosition position, string text, bool isPlain) : YamlNode(position)
{
    public string Text { get; } = text;

    public bool IsPlain { get; } = isPlain;

    public bool IsNull => IsPlain && ScalarSyntax.IsNull(Text);

    /// <summary>Whether it can only be read as text.</summary>
    public bool IsText => !IsPlain || !(ScalarSyntax.IsNull(Text) || ScalarSyntax.TryNumber(Text, out _) || ScalarSyntax.TryBoolean(Text, out _));

    public override string Display => IsText ? $"\"{Text.ReplaceLineEndings("\\n")}\"" : IsNull ? "null" : Text;
}

/// <summary>A list.</summary>
internal sealed class YamlSequence(SourcePosition position, IReadOnlyList<YamlNode> items) : YamlNode(position)
{
    public IReadOnlyList<YamlNode> Items { get; } = items;

    public override string Display => Items.Count == 0 ? "an empty list" : "a list";
}

/// <summary>A map from text keys to values, in the order of the keys' first appearance.</summary>
internal sealed class YamlMapping(SourcePosition position, IReadOnlyList<YamlEntry> entries) : YamlNode(position)
{
    public IReadOnlyList<YamlEntry> Entries { get; } = entries;

    public override string Display => Entries.Count == 0 ? "an empty map" : "a map";
}

/// <summary>One key of a map with its value.</summary>
/// <param name="Key">The key's text.</param>
/// <param name="KeyPosition">Where the key stands: what a message about the value points at.</param>
/// <param name="Value">The value.</param>
internal sealed record YamlEntry(string Key, SourcePosition KeyPosition, YamlNode Value);
