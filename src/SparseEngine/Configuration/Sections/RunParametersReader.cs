using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads a run's YAML in the Model Zoo 1.8 layout.</summary>
public static class RunParametersReader
{
    /// <summary>Stands in where the file has no model, so that its other sections are read and checked too; such a file is refused.</summary>
    private static readonly ModelParameters MissingModel = new()
    {
        VocabularySize = 1,
        HiddenSize = 1,
        Layers = 1,
        Heads = 1,
        FilterSize = 1,
        MaxPositionEmbeddings = int.MaxValue,
    };

    /// <summary>Reads and validates a file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">Command-line options that win over runconfig; null values change nothing.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or is not valid; all its problems at once.</exception>
    public static ReadResult ReadFile(string path, RunConfigOverrides? overrides = null) => ReadText(ParametersFile.ReadText(path), path, overrides);

    /// <summary>Reads and validates a file's text, or what is to become it.</summary>
    internal static ReadResult ReadText(string text, string path, RunConfigOverrides? overrides = null)
    {
        DiagnosticCollector diagnostics = new(path);
        SectionReader file = ParametersFile.Parse(text, path, diagnostics);
        RunParameters parameters = ReadSections(file, path, overrides ?? new RunConfigOverrides(), diagnostics);
        diagnostics.ThrowIfAnyError();
        return new ReadResult(parameters with { Text = text }, diagnostics.Warnings);
    }

    private static RunParameters ReadSections(SectionReader file, string path, RunConfigOverrides overrides, DiagnosticCollector diagnostics)
    {
        const string valid = "a map of settings";
        RunSections sections = new(
            file.Section("train_input", valid), file.Section("eval_input", valid), file.Section("model", valid, required: true),
            file.Section("optimizer", valid), file.Section("runconfig", valid));
        SectionValue? sparsity = file.Value("sparsity");
        file.Ignore("cerebras", "description");
        file.Finish();

        ModelParameters model = sections.Model is null ? MissingModel : ModelSection.Read(sections.Model);
        RunConfig runConfig = sections.RunConfig is null ? new RunConfig() : RunConfigSection.Read(sections.RunConfig);
        runConfig = CommandLineOverrides.Apply(overrides, runConfig, diagnostics);
        SparsityContext sparsityContext = new(
            runConfig.MaxSteps ?? runConfig.NumSteps, overrides.MaxSteps is not null || overrides.NumSteps is not null);
        RunParameters parameters = new()
        {
            File = path,
            TrainInput = sections.TrainInput is null ? null : InputSection.Read(sections.TrainInput, model.MaxPositionEmbeddings),
            EvalInput = sections.EvalInput is null ? null : InputSection.Read(sections.EvalInput, model.MaxPositionEmbeddings),
            Model = model,
            Sparsity = sparsity is null ? null : SparsitySection.Read(sparsity, sparsityContext),
            Optimizer = sections.Optimizer is null ? null : OptimizerSection.Read(sections.Optimizer),
            RunConfig = runConfig,
        };
        return sections.Check(parameters, overrides, diagnostics);
    }
}

/// <summary>What a YAML file says, and what in it is doubtful.</summary>
/// <param name="Parameters">The run.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record ReadResult(RunParameters Parameters, ImmutableArray<Diagnostic> Warnings);
