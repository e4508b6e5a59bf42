using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SparseEngine.Configuration.Yaml;

/// <summary>Turns YamlDotNet's events into nodes: what YamlDotNet's own document model refuses, duplicate keys, is taken as the zoo's loader does.</summary>
internal sealed class YamlLoader
{
    private const string MergeKey = "<<";

    private readonly Parser parser;
    private readonly DiagnosticBag diagnostics;
    private readonly Dictionary<AnchorName, YamlNode> anchors = [];

    private YamlLoader(TextReader text, DiagnosticBag diagnostics)
    {
        parser = new Parser(text);
        this.diagnostics = diagnostics;
    }

    /// <summary>Reads the first document; null where there is none, or a syntax error, which is reported.</summary>
    public static YamlNode? Load(TextReader text, DiagnosticBag diagnostics)
    {
        YamlLoader loader = new(text, diagnostics);
        try
        {
            loader.parser.Consume<StreamStart>();
            return loader.parser.TryConsume<DocumentStart>(out _) ? loader.ReadNode() : null;
        }
        catch (YamlException exception)
        {
            diagnostics.Error((int)exception.Start.Line, (int)exception.Start.Column, $"is not valid YAML: {exception.InnerException?.Message ?? exception.Message}");
            return null;
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet's scanner leaves some unfinished lists and maps this way.
            Mark end = loader.parser.Current?.End ?? Mark.Empty;
            diagnostics.Error((int)end.Line, (int)end.Column, "is not valid YAML: a list or map that starts before here does not end");
            return null;
        }
    }

    private YamlNode ReadNode()
    {
        YamlNode node;
        AnchorName anchor;
        switch (parser.Consume<ParsingEvent>())
        {
            case AnchorAlias alias:
                return anchors.TryGetValue(alias.Value, out YamlNode? anchored)
                    ? anchored
                    : throw new YamlException(alias.Start, alias.End, $"the alias *{alias.Value} names no anchor before it");
            case Scalar scalar:
                (node, anchor) = (ToScalar(scalar), scalar.Anchor);
                break;
            case SequenceStart sequence:
                (node, anchor) = (ReadSequence(sequence), sequence.Anchor);
                break;
            case MappingStart mapping:
                (node, anchor) = (ReadMapping(mapping), mapping.Anchor);
                break;
            case var other:
                throw new YamlException(other.Start, other.End, "a value was expected");
        }

        if (!anchor.IsEmpty)
        {
            anchors[anchor] = node;
        }

        return node;
    }

    private static YamlScalar ToScalar(Scalar scalar) =>
        new((int)scalar.Start.Line, (int)scalar.Start.Column, scalar.Value, scalar.Style == ScalarStyle.Plain);

    private YamlSequence ReadSequence(SequenceStart start)
    {
        List<YamlNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode());
        }

        return new YamlSequence((int)start.Start.Line, (int)start.Start.Column, [.. items]);
    }

    private YamlMapping ReadMapping(MappingStart start)
    {
        List<YamlEntry> entries = [];
        List<YamlEntry> merged = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode() is not YamlScalar key)
            {
                throw new YamlException(start.Start, start.End, "a key must be a scalar");
            }

            YamlNode value = ReadNode();
            if (key is { IsPlain: true, Value: MergeKey })
            {
                merged.AddRange(Merged(value));
                continue;
            }

            int earlier = entries.FindIndex(entry => entry.Key.Value == key.Value);
            if (earlier >= 0)
            {
                diagnostics.Warning(key, $"the key {key.Value} stands twice in this map; the last one counts");
                entries.RemoveAt(earlier);
            }

            entries.Add(new YamlEntry(key, value));
        }

        entries.AddRange(merged.Where(entry => !entries.Exists(own => own.Key.Value == entry.Key.Value)).DistinctBy(entry => entry.Key.Value).ToList());
        return new YamlMapping((int)start.Start.Line, (int)start.Start.Column, [.. entries]);
    }

    private static IEnumerable<YamlEntry> Merged(YamlNode value) => value switch
    {
        YamlMapping mapping => mapping.Entries,
        YamlSequence sequence => sequence.Items.OfType<YamlMapping>().SelectMany(mapping => mapping.Entries),
        _ => [],
    };
}
