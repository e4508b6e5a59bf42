using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>The sections of a file, and the rules that hold between them.</summary>
/// <param name="TrainInput">What describes the training data.</param>
/// <param name="EvalInput">What describes the validation data.</param>
/// <param name="Model">What describes the model.</param>
/// <param name="Accumulation">What holds grad_accum_steps.</param>
/// <param name="Length">What holds max_steps, num_steps and num_epochs.</param>
internal sealed record RunSections(
    SectionReader? TrainInput, SectionReader? EvalInput, SectionReader? Model, SectionReader? Accumulation, SectionReader? Length)
{
    private const string ValidationShareKey = "validation_share";

    /// <summary>Checks what one section says against the others, and settles the validation share that both inputs go by.</summary>
    public RunParameters Check(RunParameters parameters, DiagnosticCollector diagnostics)
    {
        CheckLength(parameters, diagnostics);
        parameters = ShareValidation(parameters);
        foreach (BrokenRule rule in ParameterRules.Broken(parameters))
        {
            Report(rule);
        }

        return parameters;
    }

    /// <summary>Weights alone can only be taken of a checkpoint that is given.</summary>
    public void CheckPretrained(RunConfig config, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        if (config is not { IsPretrainedCheckpoint: true, CheckpointPath: null } || Length?.Has("checkpoint_path") is true)
        {
            return;
        }

        if (options.IsPretrainedCheckpoint is true)
        {
            diagnostics.OptionError("--is_pretrained_checkpoint needs --checkpoint_path");
        }
        else
        {
            Length!.Error("is_pretrained_checkpoint", "is true, but there is no checkpoint_path; give one there or on the command line");
        }
    }

    /// <summary>Tells of a broken rule at its key's place, unless one of its values only stands in for what is missing or not valid.</summary>
    private void Report(BrokenRule rule)
    {
        (SectionReader? section, string key) = Find(rule.Key);
        if (section is not null && section.Has(key)
            && rule.Others.Add(rule.Key).All(path => Find(path) is ({ } other, string name) && other.IsSettled(name)))
        {
            section.Error(key, rule.Others.Aggregate(rule.Text, (text, path) => text.Replace(path, PathOf(path), StringComparison.Ordinal)));
        }
    }

    /// <summary>What the file calls a key.</summary>
    private string PathOf(string path) => Find(path) is ({ } section, string key) ? KeyPath.Join(section.Path, key) : path;

    private (SectionReader? Section, string Key) Find(string path)
    {
        string[] names = path.Split('.');
        SectionReader? section = names[0] switch
        {
            "train_input" => TrainInput,
            "eval_input" => EvalInput,
            "model" => Model,
            "optimizer" => Accumulation,
            _ => throw new ArgumentException($"no rule is about {path}", nameof(path)),
        };
        foreach (string name in names[1..^1])
        {
            section = section?.Entry(name) is { Value: YamlMapping } ? section.Section(name, "") : null;
        }

        return (section, names[^1]);
    }

    /// <summary>A run that can train must say for how long.</summary>
    private void CheckLength(RunParameters parameters, DiagnosticCollector diagnostics)
    {
        RunConfig config = parameters.RunConfig;
        if (config is { NumSteps: not null, NumEpochs: not null } && Length!.Has("num_steps") && Length.Has("num_epochs"))
        {
            Length.Error("num_epochs", $"and {KeyPath.Join(Length.Path, "num_steps")} are both given; give one of them");
        }

        bool isGiven = config.MaxSteps is not null || config.NumSteps is not null || config.NumEpochs is not null
            || Length?.HasAny("max_steps", "num_steps", "num_epochs") is true;
        if (parameters is { TrainInput: not null, Optimizer: not null } && !isGiven)
        {
            const string text = "is missing; give max_steps, num_steps or num_epochs, there or on the command line";
            if (Length is null)
            {
                diagnostics.Error(default, $"{parameters.Keys["runconfig.max_steps"]} {text}");
            }
            else
            {
                Length.Error("max_steps", text);
            }
        }
    }

    /// <summary>
    /// Training must leave out the text that validation reads: where both read the same and one of them gives a share, it is that of both.
    /// </summary>
    private RunParameters ShareValidation(RunParameters parameters)
    {
        if (parameters is not
            {
                TrainInput: { DataProcessor: DataProcessor.Text } train,
                EvalInput: { DataProcessor: DataProcessor.Text } eval,
            }
            || !train.DataDirectories.SequenceEqual(eval.DataDirectories))
        {
            return parameters;
        }

        bool isGivenToEval = EvalInput!.Has(ValidationShareKey);
        if (!isGivenToEval)
        {
            return parameters with { EvalInput = eval with { ValidationShare = train.ValidationShare } };
        }

        if (TrainInput!.Has(ValidationShareKey))
        {
            return parameters;
        }

        return parameters with { TrainInput = train with { ValidationShare = eval.ValidationShare } };
    }
}
