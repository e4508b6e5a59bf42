using System.Collections.Immutable;

namespace SparseEngine.Configuration.Yaml;

/// <summary>Collects what is wrong and what is doubtful in one file.</summary>
/// <param name="file">The file as the user gave it.</param>
internal sealed class DiagnosticBag(string file)
{
    private readonly List<(int Line, int Column, string Text)> errors = [];
    private readonly List<(int Line, int Column, string Text)> warnings = [];

    /// <summary>All errors in the file's order.</summary>
    public ImmutableArray<Diagnostic> Errors => InOrder(errors);

    /// <summary>All warnings in the file's order.</summary>
    public ImmutableArray<Diagnostic> Warnings => InOrder(warnings);

    public void Error(int line, int column, string text) => errors.Add((line, column, text));

    public void Error(YamlNode at, string text) => Error(at.Line, at.Column, text);

    public void Warning(YamlNode at, string text) => warnings.Add((at.Line, at.Column, text));

    /// <summary>A place as diagnostics write it.</summary>
    public string Location(YamlNode at) => $"{file}:{at.Line}:{at.Column}";

    private ImmutableArray<Diagnostic> InOrder(List<(int Line, int Column, string Text)> found) =>
        [.. found.OrderBy(one => (one.Line, one.Column)).Select(one => new Diagnostic($"{file}:{one.Line}:{one.Column}", one.Text))];
}
