using System.Globalization;
using System.Text.RegularExpressions;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>
/// A run's YAML with other widths and a sparsity section; everything else, comments and layout included, stays as its writer left it.
/// </summary>
internal static class WidenedParametersFile
{
    /// <summary>Rewrites a file that has been read before.</summary>
    /// <param name="path">The YAML file of a dense run.</param>
    /// <param name="widened">Its model with another hidden and filter size.</param>
    /// <param name="sparsity">The level of the section that is added.</param>
    /// <returns>The new text, and what it says.</returns>
    /// <exception cref="ConfigurationException">
    /// The file has a sparsity section, or is laid out so that these keys alone cannot be changed.
    /// </exception>
    public static (string Text, RunParameters Parameters) Rewrite(string path, ModelParameters widened, double sparsity)
    {
        string text = ParametersFile.ReadText(path);
        DiagnosticCollector diagnostics = new(path);
        SectionReader file = ParametersFile.Parse(text, path, diagnostics);
        SectionReader sections = ParametersFile.SectionsOf(file, diagnostics);
        if (sections.Has("sparsity"))
        {
            sections.Error("sparsity", "is given already; Sparse Wide starts from a dense run: leave it out");
        }

        SectionReader? model = sections.Section("model", "a map of settings", required: true);
        diagnostics.ThrowIfAnyError();
        (int Start, int End, int Value)[] edits = [Edit("hidden_size", widened.HiddenSize), Edit("filter_size", widened.FilterSize)];
        string result = text;
        foreach ((int start, int end, int value) in edits.OrderByDescending(edit => edit.Start))
        {
            result = $"{result[..start]}{value}{result[end..]}";
        }

        int line = sections.Path.Length == 0 ? -1 : LineOf(sections.Entry("model")!, text) ?? throw Unchangeable();
        result = line < 0 ? result + SectionAfter(text, widened, sparsity) : WithSectionAbove(line, result, widened, sparsity);
        return (result, Read(result, path, widened, sparsity) ?? throw Unchangeable());

        (int Start, int End, int Value) Edit(string key, int value) =>
            PlaceOf(model!.Entry(key)!, text) is { } place ? (place.Start, place.End, value) : throw Unchangeable();

        ConfigurationException Unchangeable() => new(
            [new Diagnostic(
                path,
                "it cannot be widened as it is laid out; "
                + "valid: sections one below the other, hidden_size and filter_size each a number behind its key")]);
    }

    /// <summary>Where a value stands, if it is written behind its key and not brought in by an alias or a merge.</summary>
    private static (int Start, int End)? PlaceOf(YamlEntry entry, string text)
    {
        int key = OffsetOf(entry.KeyPosition, text);
        int start = OffsetOf(entry.Value.Position, text);
        return entry.Value is YamlScalar { IsPlain: true } scalar && key < start
            && Regex.IsMatch(text[key..start], $"""^["']?{Regex.Escape(entry.Key)}["']?\s*:\s+\z""")
            && string.CompareOrdinal(text, start, scalar.Text, 0, scalar.Text.Length) == 0
            ? (start, start + scalar.Text.Length)
            : null;
    }

    private static int OffsetOf(SourcePosition position, string text)
    {
        int start = 0;
        for (int line = 1; line < position.Line; line++)
        {
            start = text.IndexOf('\n', start) + 1;
        }

        return Math.Min(start + position.Column - 1, text.Length);
    }

    /// <summary>Where the line of a key begins, or of the comment above it; null where it does not begin its line.</summary>
    private static int? LineOf(YamlEntry entry, string text)
    {
        int start = OffsetOf(new SourcePosition(entry.KeyPosition.Line, 1), text);
        if (!string.IsNullOrWhiteSpace(text[start..OffsetOf(entry.KeyPosition, text)]))
        {
            return null;
        }

        while (start > 0 && text.LastIndexOf('\n', Math.Max(0, start - 2)) + 1 is int above
            && text.AsSpan(above, start - above).TrimStart().StartsWith("#", StringComparison.Ordinal))
        {
            start = above;
        }

        return start;
    }

    private static string SectionAfter(string text, ModelParameters widened, double sparsity)
    {
        string newLine = NewLineOf(text);
        string end = text.EndsWith('\n') ? newLine : newLine + newLine;
        return $"{end}{string.Join(newLine, LinesOf(widened, sparsity))}{newLine}";
    }

    /// <summary>Puts the section above a line, as far in as that is.</summary>
    private static string WithSectionAbove(int line, string text, ModelParameters widened, double sparsity)
    {
        int indentation = text.AsSpan(line).IndexOfAnyExcept(' ');
        string newLine = NewLineOf(text);
        string lines = string.Concat(LinesOf(widened, sparsity).Select(added => $"{new string(' ', indentation)}{added}{newLine}"));
        return text.Insert(line, lines);
    }

    private static string NewLineOf(string text) => text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    private static string[] LinesOf(ModelParameters widened, double sparsity) =>
    [
        $"# Sparse Wide (Sparse-IFT, arXiv 2303.11525): hidden_size {widened.HiddenSize} and filter_size {widened.FilterSize} at this sparsity",
        "# have as many non-zeros in the decoder's linear layers as the dense run, up to rounding.",
        "sparsity:",
        string.Create(CultureInfo.InvariantCulture, $"  sparsity: {sparsity}"),
        "  init_method: random",
    ];

    /// <summary>What the new text says; null where it is not what was meant.</summary>
    private static RunParameters? Read(string text, string path, ModelParameters widened, double sparsity)
    {
        try
        {
            RunParameters parameters = RunParametersReader.ReadText(text, path).Parameters;
            bool isMeant = parameters.Model == widened
                && parameters.Sparsity is { Selection: SparsitySelection.Default, Groups: [SparsityGroup group] } && group.Sparsity == sparsity;
            return isMeant ? parameters : null;
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
