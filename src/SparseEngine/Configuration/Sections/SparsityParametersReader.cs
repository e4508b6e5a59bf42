using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the sparsity section of a run's YAML alone: what the other sections hold, or whether they are there, does not matter.</summary>
public static class SparsityParametersReader
{
    /// <summary>Reads and validates the section.</summary>
    /// <param name="path">The YAML file.</param>
    /// <exception cref="ConfigurationException">The file cannot be read, has no sparsity section, or one that is not valid.</exception>
    public static SparsityReadResult ReadFile(string path)
    {
        DiagnosticCollector diagnostics = new(path);
        SectionReader sections = ParametersFile.Open(path, diagnostics);
        SectionValue? section = sections.Value("sparsity");
        SparsityParameters? parameters = section is null ? null : SparsitySection.Read(section, ContextOf(sections));
        diagnostics.ThrowIfAnyError();
        return parameters is null
            ? throw new ConfigurationException([new Diagnostic(path, $"the file has no sparsity section; valid: sparsity: {SparsitySection.Valid}")])
            : new SparsityReadResult(parameters, diagnostics.Warnings);
    }

    // In the trainer layout, where the sections lie within others, the run's seed is that of its weights too.
    private static SparsityContext ContextOf(SectionReader sections) => sections.Path.Length == 0
        ? new SparsityContext()
        : new SparsityContext(Seed: sections.Integer("seed", minimum: 0) ?? new RunConfig().Seed, RequiresMethod: false);
}

/// <summary>What a sparsity section says, and what in it is doubtful.</summary>
/// <param name="Parameters">The section.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record SparsityReadResult(SparsityParameters Parameters, ImmutableArray<Diagnostic> Warnings);
