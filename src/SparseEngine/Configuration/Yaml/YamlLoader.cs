using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SparseEngine.Configuration.Yaml;

/// <summary>
/// Builds the node tree of a YAML document as PyYAML's safe_load does: anchors and aliases, merge keys (<c>&lt;&lt;</c>), and of
/// duplicate keys the last value, at the first one's place. Each duplicate is warned of.
/// </summary>
internal sealed class YamlLoader
{
    private const string MergeKey = "<<";

    // Far beyond any run's file, and few enough for a small stack.
    private const int DeepestNesting = 100;

    private const string TextTag = "tag:yaml.org,2002:str";

    private static readonly string[] StandardTags =
    [
        TextTag, "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null",
        "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
    ];

    private readonly Parser _parser;
    private readonly DiagnosticCollector _diagnostics;
    private readonly Dictionary<AnchorName, YamlNode> _anchors = [];
    private int _nesting;

    private YamlLoader(TextReader text, DiagnosticCollector diagnostics)
    {
        _parser = new Parser(text);
        _diagnostics = diagnostics;
    }

    /// <summary>Reads the one document of a file.</summary>
    /// <returns>Its root; null where the file is empty or is no YAML, which is then among the diagnostics.</returns>
    public static YamlNode? Load(TextReader text, DiagnosticCollector diagnostics)
    {
        var loader = new YamlLoader(text, diagnostics);
        try
        {
            return loader.ReadDocument();
        }
        catch (YamlException e)
        {
            diagnostics.Error(Position(e.Start), $"this is not valid YAML: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // The scanner's own complaint about a flow list or map that is still open where the next key begins.
            diagnostics.Error(Position(loader._parser.Current?.End ?? Mark.Empty), "this is not valid YAML: a bracket, brace or quote is not closed");
        }

        return null;
    }

    private YamlNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode(path: "");
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            throw new YamlException(second.Start, second.End, "a second document begins here; a run has one");
        }

        return root;
    }

    private YamlNode ReadNode(string path)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value, out var anchored)
                ? anchored
                : throw new YamlException(alias.Start, alias.End, $"no anchor &{alias.Value} comes before *{alias.Value}");
        }

        var start = _parser.Require<NodeEvent>();
        CheckTag(start);
        if (++_nesting > DeepestNesting)
        {
            throw new YamlException(start.Start, start.End, $"lists and maps are nested more than {DeepestNesting} deep");
        }

        YamlNode node = start switch
        {
            Scalar => ReadScalar(),
            SequenceStart => ReadSequence(path),
            _ => ReadMapping(path),
        };
        _nesting--;
        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor] = node;
        }

        return node;
    }

    private YamlScalar ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        var isText = scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == TextTag);
        return new YamlScalar(Position(scalar.Start), scalar.Value, isPlain: !isText);
    }

    private YamlSequence ReadSequence(string path)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode($"{path}[{items.Count}]"));
        }

        return new YamlSequence(Position(start.Start), items);
    }

    private YamlMapping ReadMapping(string path)
    {
        var start = _parser.Consume<MappingStart>();
        var own = new OrderedDictionary<string, YamlEntry>();
        var merged = new OrderedDictionary<string, YamlEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.TryConsume<Scalar>(out var scalar)
                ? scalar
                : throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key must be a single value");
            var value = ReadNode(KeyPath.Join(path, key.Value));
            if (key is { Value: MergeKey, Style: ScalarStyle.Plain })
            {
                Merge(key, value, merged);
            }
            else
            {
                Put(own, new YamlEntry(key.Value, Position(key.Start), value), path);
            }
        }

        foreach (var (name, entry) in own)
        {
            merged[name] = entry;
        }

        return new YamlMapping(Position(start.Start), [.. merged.Values]);
    }

    /// <summary>Adds the entries that a merge key brings in. Of several maps, the first one's values win.</summary>
    private static void Merge(Scalar key, YamlNode value, OrderedDictionary<string, YamlEntry> entries)
    {
        IEnumerable<YamlNode> sources = value is YamlSequence sequence ? sequence.Items.Reverse() : [value];
        foreach (var source in sources)
        {
            if (source is not YamlMapping mapping)
            {
                throw new YamlException(key.Start, key.End, "a merge key (<<) takes a map or a list of maps");
            }

            foreach (var entry in mapping.Entries)
            {
                entries[entry.Key] = entry;
            }
        }
    }

    /// <summary>Adds an entry, or replaces the one of the same key, at its place and with a warning.</summary>
    private void Put(OrderedDictionary<string, YamlEntry> entries, YamlEntry entry, string path)
    {
        if (entries.TryGetValue(entry.Key, out var earlier))
        {
            _diagnostics.Warn(
                entry.KeyPosition,
                $"{KeyPath.Join(path, entry.Key)} was already given on line {earlier.KeyPosition.Line}; this last value is used");
        }

        entries[entry.Key] = entry;
    }

    private static void CheckTag(NodeEvent node)
    {
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && !StandardTags.Contains(node.Tag.Value))
        {
            throw new YamlException(node.Start, node.End, $"the tag {node.Tag.Value} is not one of YAML's own");
        }
    }

    private static SourcePosition Position(in Mark mark) => new((int)mark.Line, (int)mark.Column);
}
