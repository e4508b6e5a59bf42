using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Yaml;

/// <summary>
/// Writes a node tree as YAML that reads as the same tree, here and with PyYAML: one key or item a line, aliases and merges written out.
/// </summary>
internal static partial class YamlWriter
{
    // A text in double quotes is the same in JSON and in YAML.
    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of a document.</summary>
    public static string Write(YamlNode root)
    {
        StringBuilder text = new();
        Write(text, root, indent: 0);
        return text.ToString().TrimStart('\n', ' ') + "\n";
    }

    private static void Write(StringBuilder text, YamlNode node, int indent)
    {
        switch (node)
        {
            case YamlMapping { Entries.Count: > 0 } mapping:
                foreach (YamlEntry entry in mapping.Entries)
                {
                    StartLine(text, indent);
                    text.Append(PlainKey().IsMatch(entry.Key) ? entry.Key : Quote(entry.Key)).Append(':');
                    Write(text, entry.Value, indent + 1);
                }

                break;
            case YamlSequence { Items.Count: > 0 } sequence:
                foreach (YamlNode item in sequence.Items)
                {
                    StartLine(text, indent);
                    text.Append('-');
                    Write(text, item, indent + 1);
                }

                break;
            case YamlScalar scalar:
                // What is plain in a file stays so: quoted, a number would be a text.
                text.Append(' ').Append(!scalar.IsPlain ? Quote(scalar.Text) : scalar.Text.Length == 0 ? "null" : scalar.Text);
                break;
            default:
                text.Append(node is YamlMapping ? " {}" : " []");
                break;
        }
    }

    private static void StartLine(StringBuilder text, int indent) => text.Append('\n').Append(' ', 2 * indent);

    private static string Quote(string text) => JsonSerializer.Serialize(text, Quoted);

    [GeneratedRegex(@"^\w[\w.+-]*\z")]
    private static partial Regex PlainKey();
}
