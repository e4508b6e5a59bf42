using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>The sections of a file, and the rules that hold between them.</summary>
internal sealed record RunSections(
    SectionReader? TrainInput, SectionReader? EvalInput, SectionReader? Model, SectionReader? Optimizer, SectionReader? RunConfig)
{
    private const string ValidationShareKey = "validation_share";

    /// <summary>Checks what one section says against the others, and settles the validation share that both inputs go by.</summary>
    public RunParameters Check(RunParameters parameters, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        CheckLength(parameters, diagnostics);
        CheckPretrained(parameters.RunConfig, options, diagnostics);
        parameters = ShareValidation(parameters);
        foreach (BrokenRule rule in ParameterRules.Broken(parameters))
        {
            Report(rule);
        }

        return parameters;
    }

    /// <summary>Tells of a broken rule at its key's place, unless one of its values only stands in for what is missing or not valid.</summary>
    private void Report(BrokenRule rule)
    {
        (SectionReader? section, string key) = Find(rule.Key);
        if (section is not null && section.Has(key)
            && rule.Others.Add(rule.Key).All(path => Find(path) is ({ } other, string name) && other.IsSettled(name)))
        {
            section.Error(key, rule.Text);
        }
    }

    private (SectionReader? Section, string Key) Find(string path)
    {
        string[] names = path.Split('.');
        SectionReader? section = names[0] switch
        {
            "train_input" => TrainInput,
            "eval_input" => EvalInput,
            "model" => Model,
            "optimizer" => Optimizer,
            _ => throw new ArgumentException($"no rule is about {path}", nameof(path)),
        };
        return (section, names[1]);
    }

    /// <summary>A run that can train must say for how long.</summary>
    private void CheckLength(RunParameters parameters, DiagnosticCollector diagnostics)
    {
        RunConfig config = parameters.RunConfig;
        if (config is { NumSteps: not null, NumEpochs: not null } && RunConfig!.Has("num_steps") && RunConfig.Has("num_epochs"))
        {
            RunConfig.Error("num_epochs", "and runconfig.num_steps are both given; give one of them");
        }

        bool isGiven = config.MaxSteps is not null || config.NumSteps is not null || config.NumEpochs is not null
            || RunConfig?.HasAny("max_steps", "num_steps", "num_epochs") is true;
        if (parameters is { TrainInput: not null, Optimizer: not null } && !isGiven)
        {
            const string text = "is missing; give max_steps, num_steps or num_epochs, there or on the command line";
            if (RunConfig is null)
            {
                diagnostics.Error(default, $"runconfig.max_steps {text}");
            }
            else
            {
                RunConfig.Error("max_steps", text);
            }
        }
    }

    private void CheckPretrained(RunConfig config, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        if (config is not { IsPretrainedCheckpoint: true, CheckpointPath: null } || RunConfig?.Has("checkpoint_path") is true)
        {
            return;
        }

        if (options.IsPretrainedCheckpoint is true)
        {
            diagnostics.OptionError("--is_pretrained_checkpoint needs --checkpoint_path");
        }
        else
        {
            RunConfig!.Error("is_pretrained_checkpoint", "is true, but there is no checkpoint_path; give one there or on the command line");
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
