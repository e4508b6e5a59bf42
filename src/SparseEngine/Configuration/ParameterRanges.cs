using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>The values that a run built in code may have: those that the YAML's sections allow, by the names of its keys.</summary>
internal static class ParameterRanges
{
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

        if (run.Model is { Heads: > 0 } model && model.HiddenSize % model.Heads != 0)
        {
            yield return $"model.num_heads is {model.Heads}; valid: a divisor of hidden_size, {model.HiddenSize}";
        }

        if (run.Optimizer?.LearningRate.Schedulers is { IsDefaultOrEmpty: true })
        {
            yield return "optimizer.learning_rate has no scheduler; valid: one or more";
        }

        if (run is { TrainInput: { DataProcessor: DataProcessor.Text } train, EvalInput: { DataProcessor: DataProcessor.Text } eval }
            && train.ValidationShare != eval.ValidationShare && train.DataDirectories.SequenceEqual(eval.DataDirectories))
        {
            yield return Invariant($"eval_input.validation_share is {eval.ValidationShare}; valid: train_input.validation_share, {train.ValidationShare}, since both read the same text");
        }
    }

    private static IEnumerable<(string Key, int? Count)> Counts(RunParameters run) =>
    [
        ("model.vocab_size", run.Model.VocabularySize),
        ("model.hidden_size", run.Model.HiddenSize),
        ("model.num_hidden_layers", run.Model.Layers),
        ("model.num_heads", run.Model.Heads),
        ("model.filter_size", run.Model.FilterSize),
        ("model.max_position_embeddings", run.Model.MaxPositionEmbeddings),
        ("train_input.batch_size", run.TrainInput?.BatchSize),
        ("train_input.max_sequence_length", run.TrainInput?.MaxSequenceLength),
        ("eval_input.batch_size", run.EvalInput?.BatchSize),
        ("eval_input.max_sequence_length", run.EvalInput?.MaxSequenceLength),
        ("optimizer.grad_accum_steps", run.Optimizer?.GradAccumSteps),
        ("runconfig.max_steps", run.RunConfig.MaxSteps),
        ("runconfig.num_steps", run.RunConfig.NumSteps),
        ("runconfig.num_epochs", run.RunConfig.NumEpochs),
        ("runconfig.steps_per_epoch", run.RunConfig.StepsPerEpoch),
        ("runconfig.eval_steps", run.RunConfig.EvalSteps),
        ("runconfig.eval_frequency", run.RunConfig.EvalFrequency),
        ("runconfig.log_steps", run.RunConfig.LogSteps),
    ];

    private static IEnumerable<(string Key, double? Number, Interval Valid)> Numbers(RunParameters run) =>
    [
        ("model.dropout_rate", run.Model.DropoutRate, Interval.Fraction),
        ("model.embedding_dropout_rate", run.Model.EmbeddingDropoutRate, Interval.Fraction),
        ("model.attention_dropout_rate", run.Model.AttentionDropoutRate, Interval.Fraction),
        ("model.layer_norm_epsilon", run.Model.LayerNormEpsilon, Interval.Positive),
        ("model.initializer_range", run.Model.InitializerRange, Interval.NotNegative),
        ("train_input.validation_share", run.TrainInput?.ValidationShare, Interval.ProperFraction),
        ("eval_input.validation_share", run.EvalInput?.ValidationShare, Interval.ProperFraction),
        ("optimizer.beta1", run.Optimizer?.Beta1, Interval.Fraction),
        ("optimizer.beta2", run.Optimizer?.Beta2, Interval.Fraction),
        ("optimizer.eps", run.Optimizer?.Epsilon, Interval.Positive),
        ("optimizer.weight_decay_rate", run.Optimizer?.WeightDecayRate, Interval.NotNegative),
        ("optimizer.momentum", run.Optimizer?.Momentum, Interval.Fraction),
        ("optimizer.max_gradient_norm", run.Optimizer?.MaxGradientNorm, Interval.Positive),
        ("runconfig.checkpoint_steps", run.RunConfig.CheckpointSteps, Interval.NotNegative),
        .. run.Sparsity is { } sparsity ? sparsity.Groups.Select(group => ("sparsity.sparsity", (double?)group.Sparsity, Interval.Fraction)) : [],
    ];
}
