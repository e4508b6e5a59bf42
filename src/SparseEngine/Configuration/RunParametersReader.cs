using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads a run's YAML in the Model Zoo 1.8 layout.</summary>
public static class RunParametersReader
{
    /// <summary>Reads and validates a file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">Command-line options that win over runconfig; null values change nothing.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or is not valid; all its problems at once.</exception>
    public static ReadResult ReadFile(string path, RunConfigOverrides? overrides = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        DiagnosticBag diagnostics = new(path);
        RunParameters? parameters = null;
        if (LoadTop(path, diagnostics) is { } top)
        {
            parameters = Read(path, top, overrides ?? new RunConfigOverrides());
        }

        ImmutableArray<Diagnostic> errors = diagnostics.Errors;
        return parameters is not null && errors.IsEmpty ? new ReadResult(parameters, diagnostics.Warnings) : throw new ConfigurationException(errors);
    }

    private static SectionReader? LoadTop(string path, DiagnosticBag diagnostics)
    {
        YamlNode? document;
        try
        {
            using StreamReader text = new(path);
            document = YamlLoader.Load(text, diagnostics);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(File.Exists(path) ? $"{path}: cannot be read: {exception.Message}" : $"{path}: no such file");
        }

        if (document is YamlMapping mapping)
        {
            return new SectionReader(mapping, "", diagnostics);
        }

        if (diagnostics.Errors.IsEmpty)
        {
            diagnostics.Error(document?.Line ?? 1, document?.Column ?? 1, "is not a run's parameters; valid: a map with the sections model, train_input, optimizer, runconfig");
        }

        return null;
    }

    private static RunParameters? Read(string path, SectionReader top, RunConfigOverrides overrides)
    {
        if (top.Node("trainer") is { } trainer)
        {
            top.Diagnostics.Error(trainer, "trainer belongs to the layout of Model Zoo 2.4 and later; valid: the 1.8 layout, with the sections model, train_input, optimizer, sparsity, runconfig");
            return null;
        }

        if (!top.TrySection("model", out SectionReader? modelSection))
        {
            if (top.Node("model") is null)
            {
                top.Missing("model", "a map of keys");
            }

            return null;
        }

        ModelParameters model = ModelSection.Read(modelSection);
        InputParameters? train = top.TrySection("train_input", out SectionReader? trainSection) ? InputSection.Read(trainSection, model) : null;
        InputParameters? eval = top.TrySection("eval_input", out SectionReader? evalSection) ? InputSection.Read(evalSection, model) : null;
        OptimizerParameters? optimizer = top.TrySection("optimizer", out SectionReader? optimizerSection) ? OptimizerSection.Read(optimizerSection) : null;
        SparsityParameters? sparsity = SparsitySection.Read(top);
        SectionReader runSection = top.TrySection("runconfig", out SectionReader? given)
            ? given
            : new SectionReader(new YamlMapping(top.Map.Line, top.Map.Column, []), "runconfig", top.Diagnostics);
        RunConfig runConfig = RunConfigSection.Read(runSection, overrides);
        if (train is not null)
        {
            RunConfigSection.CheckLength(runSection, runConfig);
        }

        if (train is not null && optimizer is not null && train.BatchSize % optimizer.GradAccumSteps != 0)
        {
            optimizerSection!.Invalid(optimizerSection.Node("grad_accum_steps")!, "grad_accum_steps", $"a divisor of train_input.batch_size, {train.BatchSize}");
        }

        top.Ignore("cerebras", "description", "csconfig");
        top.Finish();
        return new RunParameters
        {
            File = path,
            TrainInput = train,
            EvalInput = eval,
            Model = model,
            Sparsity = sparsity,
            Optimizer = optimizer,
            RunConfig = runConfig,
        };
    }
}
