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

    private readonly Parser parser;
    private readonly DiagnosticCollector diagnostics;
    private readonly Dictionary<AnchorName, YamlNode> anchors = [];
    private int nesting;

    private YamlLoader(TextReader text, DiagnosticCollector diagnostics)
    {
        parser = new Parser(text);
        this.diagnostics = diagnostics;
    }

    /// <summary>Reads the one document of a file.</summary>
    /// <returns>Its root; null where the file is empty or is no YAML, which is then among the diagnostics.</returns>
    public static YamlNode? Load(TextReader text, DiagnosticCollector diagnostics)
    {
        YamlLoader loader = new(text, diagnostics);
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
            diagnostics.Error(Position(loader.parser.Current?.End ?? Mark.Empty), "this is not valid YAML: a bracket, brace or quote is not closed");
        }

        return null;
    }

    private YamlNode? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        parser.Consume<DocumentStart>();
        YamlNode root = ReadNode(path: "");
        parser.Consume<DocumentEnd>();
        if (parser.TryConsume<DocumentStart>(out DocumentStart? second))
        {
            throw new YamlException(second.Start, second.End, "a second document begins here; a run has one");
        }

        return root;
    }

    private YamlNode ReadNode(string path)
    {
        if (parser.TryConsume<AnchorAlias>(out AnchorAlias? alias))
        {
            return anchors.TryGetValue(alias.Value, out YamlNode? anchored)
                ? anchored
                : throw new YamlException(alias.Start, alias.End, $"no anchor &{alias.Value} comes before *{alias.Value}");
        }

        NodeEvent start = parser.Require<NodeEvent>();
        CheckTag(start);
        if (++nesting > DeepestNesting)
        {
            throw new YamlException(start.Start, start.End, $"lists and maps are nested more than {DeepestNesting} deep");
        }

        YamlNode node = start switch
        {
            Scalar => ReadScalar(),
            SequenceStart => ReadSequence(path),
            _ => ReadMapping(path),
        };
        nesting--;
        if (!start.Anchor.IsEmpty)
        {
            anchors[start.Anchor] = node;
        }

        return node;
    }

    private YamlScalar ReadScalar()
    {
        Scalar scalar = parser.Consume<Scalar>();
        bool isText = scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == TextTag);
        return new YamlScalar(Position(scalar.Start), scalar.Value, isPlain: !isText);
    }

    private YamlSequence ReadSequence(string path)
    {
        SequenceStart start = parser.Consume<SequenceStart>();
        List<YamlNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode($"{path}[{items.Count}]"));
        }

        return new YamlSequence(Position(start.Start), items);
    }

    private YamlMapping ReadMapping(string path)
    {
        MappingStart start = parser.Consume<MappingStart>();
        OrderedDictionary<string, YamlEntry> own = [];
        OrderedDictionary<string, YamlEntry> merged = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            Scalar key = parser.TryConsume<Scalar>(out Scalar? scalar)
                ? scalar
                : throw new YamlException(parser.Current!.Start, parser.Current.End, "a key must be a single value");
            YamlNode value = ReadNode(KeyPath.Join(path, key.Value));
            if (key is { Value: MergeKey, Style: ScalarStyle.Plain })
            {
                Merge(key, value, merged);
            }
            else
            {
                Put(own, new YamlEntry(key.Value, Position(key.Start), value), path);
            }
        }

        foreach ((string name, YamlEntry entry) in own)
        {
            merged[name] = entry;
        }

        return new YamlMapping(Position(start.Start), [.. merged.Values]);
    }

    /// <summary>Adds the entries that a merge key brings in. Of several maps, the first one's values win.</summary>
    private static void Merge(Scalar key, YamlNode value, OrderedDictionary<string, YamlEntry> entries)
    {
        IEnumerable<YamlNode> sources = value is YamlSequence sequence ? sequence.Items.Reverse() : [value];
        foreach (YamlNode source in sources)
        {
            if (source is not YamlMapping mapping)
            {
                throw new YamlException(key.Start, key.End, "a merge key (<<) takes a map or a list of maps");
            }

            foreach (YamlEntry entry in mapping.Entries)
            {
                entries[entry.Key] = entry;
            }
        }
    }

    /// <summary>Adds an entry, or replaces the one of the same key, at its place and with a warning.</summary>
    private void Put(OrderedDictionary<string, YamlEntry> entries, YamlEntry entry, string path)
    {
        if (entries.TryGetValue(entry.Key, out YamlEntry? earlier))
        {
            diagnostics.Warn(
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
