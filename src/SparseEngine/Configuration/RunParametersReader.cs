using System.Collections.Immutable;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads a run's YAML in the Model Zoo 1.8 layout.</summary>
public static class RunParametersReader
{
    private const string Layout = "train_input, eval_input, model, sparsity, optimizer, runconfig";

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
    public static ReadResult ReadFile(string path, RunConfigOverrides? overrides = null)
    {
        var text = ReadText(path);
        var diagnostics = new DiagnosticCollector(path);
        var root = YamlLoader.Load(new StringReader(text), diagnostics);
        diagnostics.ThrowIfAnyError();
        if (root is not YamlMapping mapping)
        {
            var content = root is null or YamlScalar { IsNull: true } ? "is empty" : $"holds {root.Display}";
            throw new ConfigurationException([new Diagnostic(path, $"the file {content}; valid: a map with the sections {Layout}")]);
        }

        if (mapping.Entries.FirstOrDefault(entry => entry.Key == "trainer") is { } trainer)
        {
            // Its sections are elsewhere, so that anything else to say about the file would only mislead.
            diagnostics.Error(trainer.KeyPosition, $"trainer is the layout of Model Zoo 2.x; the layout read here is that of 1.8, with the sections {Layout}");
            diagnostics.ThrowIfAnyError();
        }

        var file = new SectionReader("", default, mapping, diagnostics);
        var parameters = ReadSections(file, path, overrides ?? new RunConfigOverrides(), diagnostics);
        diagnostics.ThrowIfAnyError();
        return new ReadResult(parameters, diagnostics.Warnings);
    }

    private static RunParameters ReadSections(SectionReader file, string path, RunConfigOverrides overrides, DiagnosticCollector diagnostics)
    {
        const string valid = "a map of settings";
        var sections = new RunSections(
            file.Section("train_input", valid), file.Section("eval_input", valid), file.Section("model", valid, required: true),
            file.Section("optimizer", valid), file.Section("runconfig", valid));
        var sparsity = file.Value("sparsity");
        file.Ignore("cerebras", "description");
        file.Finish();

        var model = sections.Model is null ? MissingModel : ModelSection.Read(sections.Model);
        var runConfig = sections.RunConfig is null ? new RunConfig() : RunConfigSection.Read(sections.RunConfig);
        var parameters = new RunParameters
        {
            File = path,
            TrainInput = sections.TrainInput is null ? null : InputSection.Read(sections.TrainInput, model.MaxPositionEmbeddings),
            EvalInput = sections.EvalInput is null ? null : InputSection.Read(sections.EvalInput, model.MaxPositionEmbeddings),
            Model = model,
            Sparsity = sparsity is null ? null : SparsitySection.Read(sparsity),
            Optimizer = sections.Optimizer is null ? null : OptimizerSection.Read(sections.Optimizer),
            RunConfig = CommandLine.Apply(overrides, runConfig, diagnostics),
        };
        return sections.Check(parameters, overrides, diagnostics);
    }

    private static string ReadText(string path)
    {
        if (Directory.Exists(path))
        {
            throw Unreadable("this is a folder; give a YAML file");
        }

        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable("there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unreadable($"the file cannot be read: {e.Message}");
        }

        ConfigurationException Unreadable(string reason) => new([new Diagnostic(path, reason)]);
    }
}

/// <summary>What a YAML file says, and what in it is doubtful.</summary>
/// <param name="Parameters">The run.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record ReadResult(RunParameters Parameters, ImmutableArray<Diagnostic> Warnings);
