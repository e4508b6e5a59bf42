using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;

namespace SparseEngine.Data;

/// <summary>The texts of an XML documentation file, without their tags.</summary>
internal static class DocumentationEntries
{
    private const int FewestWords = 4;
    private const double LeastLetters = 0.93;

    /// <summary>Each summary, remark, parameter, return value and exception as one line of plain text, in the file's order.</summary>
    /// <exception cref="XmlException">The file is not well-formed.</exception>
    public static List<string> Read(XmlReader reader)
    {
        List<string> entries = [];
        StringBuilder text = new();
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement && IsEntry(reader.Name))
            {
                text.Clear();
                AppendContent(reader, text);
                string entry = text.ToString().Trim();
                if (IsProse(entry))
                {
                    entries.Add(entry);
                }
            }
        }

        return entries;
    }

    /// <summary>Whether a text is made of words: the signatures of processor intrinsics are not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsProse(string entry)
    {
        int ofProse = 0;
        foreach (char c in entry)
        {
            ofProse += char.IsLetter(c) || c is ' ' or '.' or ',' ? 1 : 0;
        }

        return ofProse >= LeastLetters * entry.Length && entry.AsSpan().Count(' ') + 1 >= FewestWords;
    }

    private static bool IsEntry(string element) =>
        element is "summary" or "remarks" or "returns" or "value" or "param" or "typeparam" or "exception" or "example";

    /// <summary>Appends what lies between the current element's tags and moves to its end tag.</summary>
    private static void AppendContent(XmlReader reader, StringBuilder text)
    {
        int depth = reader.Depth;
        while (reader.Read() && !(reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth))
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    AppendWords(text, reader.Value);
                    break;
                case XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    AppendSpace(text);
                    break;
                case XmlNodeType.Element when reader.Name is "code":
                    SkipContent(reader);
                    break;
                case XmlNodeType.Element when Reference(reader) is { } name && reader.IsEmptyElement:
                    text.Append(name);
                    break;
                case XmlNodeType.Element when reader.Name is "para" or "item" or "description" or "br":
                    AppendSpace(text);
                    break;
            }
        }
    }

    private static void SkipContent(XmlReader reader)
    {
        int depth = reader.Depth;
        bool empty = reader.IsEmptyElement;
        while (!empty && reader.Read() && !(reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth))
        {
        }
    }

    /// <summary>What a see, paramref or similar element stands for.</summary>
    private static string? Reference(XmlReader reader) =>
        reader.GetAttribute("langword") ?? reader.GetAttribute("name")
            ?? (reader.GetAttribute("cref") is { } cref ? ShortName(cref) : reader.GetAttribute("href"));

    /// <summary>"M:System.IO.Stream.Read(System.Byte[])" becomes "Stream.Read", "T:System.String" becomes "String".</summary>
    private static string ShortName(string cref)
    {
        string name = cref.Length > 2 && cref[1] == ':' ? cref[2..] : cref;
        name = name.Split('(')[0];
        string[] parts = name.Split('.', StringSplitOptions.RemoveEmptyEntries);
        int take = cref.StartsWith("T:", StringComparison.Ordinal) || cref.StartsWith("N:", StringComparison.Ordinal) ? 1 : 2;
        return string.Join('.', parts.TakeLast(take).Where(part => part != "#ctor").Select(part => part.Split('`')[0]));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AppendWords(StringBuilder text, string words)
    {
        int start = 0;
        for (int i = 0; i <= words.Length; i++)
        {
            if (i == words.Length || char.IsWhiteSpace(words[i]))
            {
                text.Append(words, start, i - start);
                start = i + 1;
                if (i < words.Length)
                {
                    AppendSpace(text);
                }
            }
        }
    }

    private static void AppendSpace(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] != ' ')
        {
            text.Append(' ');
        }
    }
}
