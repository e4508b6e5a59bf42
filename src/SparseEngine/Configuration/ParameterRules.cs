using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>A rule between settings that a run breaks.</summary>
/// <param name="Key">The setting that is told of: <c>model.num_heads</c>.</param>
/// <param name="Others">The settings that it has to fit.</param>
/// <param name="Text">What is wrong and what would be valid, in words that follow the key.</param>
internal readonly record struct BrokenRule(string Key, ImmutableArray<string> Others, string Text)
{
    /// <summary>The whole line.</summary>
    public override string ToString() => $"{Key} {Text}";
}

/// <summary>The rules between settings: for a run of a YAML file, which adds the places, and for one built in code.</summary>
internal static class ParameterRules
{
    /// <summary>Every rule that a run breaks.</summary>
    public static IEnumerable<BrokenRule> Broken(RunParameters run) =>
    [
        .. ModelRules.Broken(run.Model), .. BaseDensity(run),
        .. SequenceLength("train_input", run.TrainInput, run.Model),
        .. run.EvalInputs.SelectMany(input => SequenceLength("eval_input", input, run.Model)),
        .. GradientAccumulation(run), .. run.EvalInputs.SelectMany(input => ValidationShare(run.TrainInput, input)),
    ];

    /// <summary>Without a table of positions a sequence may be of any length.</summary>
    private static IEnumerable<BrokenRule> SequenceLength(string section, InputParameters? input, ModelParameters model)
    {
        if (model.HasPositionTable && input?.MaxSequenceLength > model.MaxPositionEmbeddings)
        {
            yield return Rule(
                $"{section}.max_sequence_length",
                ["model.max_position_embeddings"],
                $"is {input.MaxSequenceLength}; valid: at most model.max_position_embeddings, {model.MaxPositionEmbeddings}");
        }
    }

    /// <summary>What muP itself says of initializers need not be said twice.</summary>
    private static IEnumerable<BrokenRule> BaseDensity(RunParameters run) =>
        run.Model.MupBaseHiddenSize is null && run.Sparsity?.Groups.Any(group => group.MupBaseDensity is not null) is true
            ? ModelRules.Unscalable(run.Model, "mup_base_density")
            : [];

    private static IEnumerable<BrokenRule> GradientAccumulation(RunParameters run)
    {
        if (run is { TrainInput: { } input, Optimizer: { GradAccumSteps: > 0 } optimizer } && input.BatchSize % optimizer.GradAccumSteps != 0)
        {
            yield return Rule(
                "optimizer.grad_accum_steps",
                ["train_input.batch_size"],
                $"is {optimizer.GradAccumSteps}; valid: a divisor of train_input.batch_size, {input.BatchSize}");
        }
    }

    /// <summary>Training must leave out the text that validation reads.</summary>
    private static IEnumerable<BrokenRule> ValidationShare(InputParameters? train, InputParameters eval)
    {
        if (train is { DataProcessor: DataProcessor.Text } && eval.DataProcessor == DataProcessor.Text
            && train.ValidationShare != eval.ValidationShare && train.DataDirectories.SequenceEqual(eval.DataDirectories))
        {
            yield return Rule(
                "eval_input.validation_share",
                ["train_input.validation_share"],
                $"is {eval.ValidationShare}; valid: train_input.validation_share, {train.ValidationShare}, since both read the same text");
        }
    }

    private static BrokenRule Rule(string key, ImmutableArray<string> others, FormattableString text) =>
        new(key, others, FormattableString.Invariant(text));
}
