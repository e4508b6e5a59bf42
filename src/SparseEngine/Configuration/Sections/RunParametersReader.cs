using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads a run's YAML, in the layout of Model Zoo 1.8 or in the trainer layout of 2.x.</summary>
public static class RunParametersReader
{
    /// <summary>Reads and validates a file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">Command-line options that win over runconfig; null values change nothing.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or is not valid; all its problems at once.</exception>
    public static ReadResult ReadFile(string path, RunConfigOverrides? overrides = null) => ReadText(ParametersFile.ReadText(path), path, overrides);

    /// <summary>Reads and validates a file's text, or what is to become it.</summary>
    internal static ReadResult ReadText(string text, string path, RunConfigOverrides? overrides = null)
    {
        DiagnosticCollector diagnostics = new(path);
        return Read(ParametersFile.Parse(text, path, diagnostics), text, path, overrides, diagnostics);
    }

    /// <summary>Reads and validates what a file would say: its tree with other values in it, whose messages name no line.</summary>
    internal static ReadResult ReadTree(YamlMapping root, string path, RunConfigOverrides? overrides = null)
    {
        DiagnosticCollector diagnostics = new(path);
        return Read(new SectionReader("", default, root, diagnostics), YamlWriter.Write(root), path, overrides, diagnostics);
    }

    private static ReadResult Read(
        SectionReader file, string text, string path, RunConfigOverrides? overrides, DiagnosticCollector diagnostics)
    {
        RunConfigOverrides options = overrides ?? new RunConfigOverrides();
        RunParameters parameters = file.Mentions(TrainerLayout.Key)
            ? TrainerLayout.Read(file, options, diagnostics)
            : SectionsLayout.Read(file, options, diagnostics);
        diagnostics.ThrowIfAnyError();
        return new ReadResult(parameters with { File = path, Text = text, Overrides = options }, diagnostics.Warnings);
    }
}

/// <summary>What a YAML file says, and what in it is doubtful.</summary>
/// <param name="Parameters">The run.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record ReadResult(RunParameters Parameters, ImmutableArray<Diagnostic> Warnings);
