using System.Collections.Immutable;

namespace SparseEngine.Configuration.Yaml;

/// <summary>Gathers what is wrong and what is doubtful in one file, so that all of it is reported at once, in the file's order.</summary>
/// <param name="file">The file's path, as the user gave it.</param>
internal sealed class DiagnosticCollector(string file)
{
    private readonly List<(SourcePosition Position, Diagnostic Diagnostic)> errors = [];
    private readonly List<(SourcePosition Position, Diagnostic Diagnostic)> warnings = [];

    /// <summary>What is doubtful.</summary>
    public ImmutableArray<Diagnostic> Warnings => InFileOrder(warnings);

    /// <summary>Records something wrong.</summary>
    public void Error(SourcePosition position, string text) => errors.Add((position, new Diagnostic(Location(position), OneLine.Of(text))));

    /// <summary>Records something wrong with a command-line option.</summary>
    public void OptionError(string text) => errors.Add((default, new Diagnostic("command line", OneLine.Of(text))));

    /// <summary>Records something doubtful.</summary>
    public void Warn(SourcePosition position, string text) => warnings.Add((position, new Diagnostic(Location(position), OneLine.Of(text))));

    /// <summary>Names a place: "params.yaml:12:5", or the file alone.</summary>
    public string Location(SourcePosition position) => position == default ? file : $"{file}:{position.Line}:{position.Column}";

    /// <summary>Whether something wrong has been found at a place.</summary>
    public bool HasErrorAt(SourcePosition position) => errors.Exists(e => e.Position == position);

    /// <exception cref="ConfigurationException">Something is wrong.</exception>
    public void ThrowIfAnyError()
    {
        if (errors.Count > 0)
        {
            throw new ConfigurationException(InFileOrder(errors));
        }
    }

    // An aliased map that is read in two places can complain twice in the same words.
    private static ImmutableArray<Diagnostic> InFileOrder(List<(SourcePosition Position, Diagnostic Diagnostic)> found) =>
        [.. found.OrderBy(f => f.Position).Select(f => f.Diagnostic).Distinct()];
}
