using System.Collections.Immutable;

namespace SparseEngine.Configuration.Yaml;

/// <summary>A node of a YAML document and where it stands.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Column">Its column, from 1.</param>
internal abstract record YamlNode(int Line, int Column)
{
    /// <summary>The node as an error quotes it.</summary>
    public abstract string Quoted { get; }
}

/// <summary>A scalar. A plain one may be null, a number or a truth value; a quoted one is text.</summary>
internal sealed record YamlScalar(int Line, int Column, string Value, bool IsPlain) : YamlNode(Line, Column)
{
    public override string Quoted => $"\"{Value}\"";

    /// <summary>Whether it is YAML's null.</summary>
    public bool IsNull => IsPlain && Value is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(int Line, int Column, ImmutableArray<YamlNode> Items) : YamlNode(Line, Column)
{
    public override string Quoted => "a list";
}

/// <summary>A map with scalar keys, each once, in the file's order.</summary>
internal sealed record YamlMapping(int Line, int Column, ImmutableArray<YamlEntry> Entries) : YamlNode(Line, Column)
{
    public override string Quoted => "a map";

    /// <summary>The entry of a key.</summary>
    public YamlEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key.Value == key);
}

/// <summary>A key and its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);
