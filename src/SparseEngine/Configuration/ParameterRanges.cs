using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>The values that a run built in code may have: those that the YAML's sections allow, by the names of its keys.</summary>
internal static class ParameterRanges
{
    /// <summary>A hundred times the layers of the largest GPTs.</summary>
    internal const int MostLayers = 10_000;

    private const string SmallestSeed = "a whole number of at least 0";

    /// <summary>Everything that is out of range, a line each.</summary>
    public static IEnumerable<string> Violations(RunParameters run)
    {
        foreach ((string key, int? count) in Counts(run))
        {
            if (count < 1)
            {
                yield return $"{key} is {count}; valid: a whole number of at least 1";
            }
        }

        foreach ((string key, double? number, Interval valid) in Numbers(run))
        {
            if (number is { } value && !valid.Contains(value))
            {
                yield return Invariant($"{key} is {value}; valid: {valid}");
            }
        }

        foreach ((string key, long? seed) in Seeds(run))
        {
            if (seed < 0)
            {
                yield return Invariant($"{key} is {seed}; valid: {SmallestSeed}");
            }
        }

        if (run.Model.Layers > MostLayers)
        {
            yield return Invariant($"model.num_hidden_layers is {run.Model.Layers}; valid: a whole number of at most {MostLayers}");
        }

        IEnumerable<string> others =
        [
            .. Bounds("model.embedding_initializer", run.Model.EmbeddingInitializer), .. Bounds("model.initializer", run.Model.Initializer),
            .. Bounds("model.output_layer_initializer", run.Model.OutputLayerInitializer),
            .. run.Optimizer is { } optimizer ? LearningRateRanges.Violations(optimizer.LearningRate) : [],
            .. ParameterRules.Broken(run).Select(rule => rule.ToString()), .. Dynamics(run), .. Blocks(run),
        ];
        foreach (string text in others)
        {
            yield return text;
        }
    }

    private static IEnumerable<string> Dynamics(RunParameters run) =>
        (run.Sparsity?.Groups ?? []).Select(weights => weights.Dynamic).OfType<DynamicSparsity>()
            .SelectMany(dynamic => DynamicSparsityRules.Broken(dynamic, run.RunConfig.MaxSteps ?? run.RunConfig.NumSteps))
            .Select(broken => $"sparsity.{(broken.Setting == DynamicSetting.Level ? "sparsity" : "drop_fraction")} {broken.Text}");

    private static IEnumerable<string> Blocks(RunParameters run) =>
        (run.Sparsity?.Groups ?? []).Select(BlockRowsRule.Broken).OfType<string>().Select(text => $"sparsity.block_rows {text}");

    private static IEnumerable<string> Bounds(string key, InitializerParameters? initializer)
    {
        if (initializer is { Kind: InitializerKind.TruncatedNormal or InitializerKind.Uniform } && !(initializer.Lower < initializer.Upper))
        {
            yield return Invariant($"{key}.b leaves the interval from {initializer.Lower} to {initializer.Upper}, which is empty; valid: a below b");
        }
    }

    private static IEnumerable<(string Key, long? Seed)> Seeds(RunParameters run) =>
    [
        ("runconfig.seed", run.RunConfig.Seed),
        ("train_input.shuffle_seed", run.TrainInput?.ShuffleSeed),
        .. run.EvalInputs.Select(input => ("eval_input.shuffle_seed", (long?)input.ShuffleSeed)),
        .. run.Sparsity is { } sparsity ? sparsity.Groups.Select(group => ("sparsity.seed", group.Seed)) : [],
    ];

    private static IEnumerable<(string Key, int? Count)> Counts(RunParameters run) =>
    [
        .. ModelRanges.Counts(run.Model),
        ("train_input.batch_size", run.TrainInput?.BatchSize),
        ("train_input.max_sequence_length", run.TrainInput?.MaxSequenceLength),
        .. run.EvalInputs.Select(input => ("eval_input.batch_size", (int?)input.BatchSize)),
        .. run.EvalInputs.Select(input => ("eval_input.max_sequence_length", (int?)input.MaxSequenceLength)),
        ("optimizer.grad_accum_steps", run.Optimizer?.GradAccumSteps),
        ("runconfig.max_steps", run.RunConfig.MaxSteps),
        ("runconfig.num_steps", run.RunConfig.NumSteps),
        ("runconfig.num_epochs", run.RunConfig.NumEpochs),
        ("runconfig.steps_per_epoch", run.RunConfig.StepsPerEpoch),
        ("runconfig.eval_steps", run.RunConfig.EvalSteps),
        ("runconfig.eval_frequency", run.RunConfig.EvalFrequency),
        ("runconfig.log_steps", run.RunConfig.LogSteps),
        ("runconfig.keep_checkpoint_max", run.RunConfig.KeepCheckpointMax),
        ("runconfig.budget_steps", run.RunConfig.BudgetSteps),
        ("runconfig.early_stop", run.RunConfig.EarlyStop),
        ("runconfig.sample_tokens", run.RunConfig.SampleTokens),
        ("runconfig.num_csx", run.RunConfig.NumCsx),
        .. run.Sparsity is { } sparsity ? sparsity.Groups.Select(group => ("sparsity.block_rows", (int?)group.BlockRows)) : [],
    ];

    private static IEnumerable<(string Key, double? Number, Interval Valid)> Numbers(RunParameters run) =>
    [
        .. ModelRanges.Numbers(run.Model),
        ("train_input.validation_share", run.TrainInput?.ValidationShare, Interval.ProperFraction),
        .. run.EvalInputs.Select(input => ("eval_input.validation_share", (double?)input.ValidationShare, Interval.ProperFraction)),
        ("optimizer.beta1", run.Optimizer?.Beta1, Interval.Fraction),
        ("optimizer.beta2", run.Optimizer?.Beta2, Interval.Fraction),
        ("optimizer.eps", run.Optimizer?.Epsilon, Interval.Positive),
        ("optimizer.weight_decay_rate", run.Optimizer?.WeightDecayRate, Interval.NotNegative),
        ("optimizer.momentum", run.Optimizer?.Momentum, Interval.Fraction),
        ("optimizer.max_gradient_norm", run.Optimizer?.MaxGradientNorm, Interval.Positive),
        ("runconfig.time_budget", run.RunConfig.TimeBudget?.TotalSeconds, Interval.Positive),
        ("runconfig.checkpoint_steps", run.RunConfig.CheckpointSteps, Interval.NotNegative),
        .. run.Sparsity is { } sparsity
            ? sparsity.Groups.Where(group => group.Dynamic is null).Select(group => ("sparsity.sparsity", (double?)group.Sparsity, Interval.Fraction))
                .Concat(sparsity.Groups.Select(group => ("sparsity.mup_base_density", group.MupBaseDensity, Interval.PositiveShare)))
            : [],
    ];
}
