using SparseEngine.Configuration.Yaml;
using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>The sections of a file, and the rules that hold between them.</summary>
internal sealed record RunSections(
    SectionReader? TrainInput, SectionReader? EvalInput, SectionReader? Model, SectionReader? Optimizer, SectionReader? RunConfig)
{
    private const string ValidationShareKey = "validation_share";

    /// <summary>Checks what one section says against the others, and settles the validation share that both inputs go by.</summary>
    public RunParameters Check(RunParameters parameters, RunConfigOverrides options, DiagnosticCollector diagnostics)
    {
        CheckSequenceLength(TrainInput, parameters.TrainInput, parameters.Model);
        CheckSequenceLength(EvalInput, parameters.EvalInput, parameters.Model);
        CheckGradientAccumulation(parameters);
        CheckLength(parameters, diagnostics);
        CheckPretrained(parameters.RunConfig, options, diagnostics);
        return ShareValidation(parameters);
    }

    private void CheckSequenceLength(SectionReader? section, InputParameters? input, ModelParameters model)
    {
        const string key = "max_sequence_length";
        if (model.UsePositionEmbedding && input?.MaxSequenceLength > model.MaxPositionEmbeddings
            && section!.Has(key) && Model!.IsValid("max_position_embeddings"))
        {
            section.Reject(key, $"at most model.max_position_embeddings, {model.MaxPositionEmbeddings}");
        }
    }

    private void CheckGradientAccumulation(RunParameters parameters)
    {
        const string key = "grad_accum_steps";
        if (parameters is { TrainInput: { } input, Optimizer: { } optimizer }
            && input.BatchSize % optimizer.GradAccumSteps != 0 && TrainInput!.Has("batch_size") && TrainInput.IsValid("batch_size"))
        {
            Optimizer!.Reject(key, $"a divisor of train_input.batch_size, {input.BatchSize}");
        }
    }

    /// <summary>A run that can train must say for how long.</summary>
    private void CheckLength(RunParameters parameters, DiagnosticCollector diagnostics)
    {
        var config = parameters.RunConfig;
        if (config is { NumSteps: not null, NumEpochs: not null } && RunConfig!.Has("num_steps") && RunConfig.Has("num_epochs"))
        {
            RunConfig.Error("num_epochs", "and runconfig.num_steps are both given; give one of them");
        }

        var isGiven = config.MaxSteps is not null || config.NumSteps is not null || config.NumEpochs is not null
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

    /// <summary>Training must leave out the text that validation reads: where both read the same, they go by one share.</summary>
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

        var isGivenToEval = EvalInput!.Has(ValidationShareKey);
        if (!isGivenToEval)
        {
            return parameters with { EvalInput = eval with { ValidationShare = train.ValidationShare } };
        }

        if (TrainInput!.Has(ValidationShareKey) && train.ValidationShare != eval.ValidationShare
            && TrainInput.IsValid(ValidationShareKey) && EvalInput.IsValid(ValidationShareKey))
        {
            EvalInput.Reject(ValidationShareKey, Invariant($"train_input.validation_share, {train.ValidationShare}, since both read the same text"));
        }

        return parameters with { TrainInput = train with { ValidationShare = eval.ValidationShare } };
    }
}
