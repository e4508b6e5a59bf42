using SparseEngine.Runs;

namespace SparseEngine.Metrics;

/// <summary>A number that logs know by name.</summary>
/// <param name="Name">Its key in metrics.jsonl and its tag in TensorBoard.</param>
/// <param name="Value">The number, which need not be finite.</param>
internal readonly record struct Scalar(string Name, double Value)
{
    /// <summary>The key of the training time so far.</summary>
    public const string Seconds = "seconds";

    /// <summary>A training step's, in the order of metrics.jsonl.</summary>
    public static Scalar[] Of(StepMetrics step) =>
    [
        new("loss", step.Loss),
        new("learning_rate", step.LearningRate),
        new("grad_norm", step.GradNorm),
        new("tokens", step.Tokens),
        new("step_ms", step.StepMs),
        .. step.Seconds is { } seconds ? [new(Seconds, seconds)] : (Scalar[])[],
        new("tokens_per_second", step.TokensPerSecond),
        new("flops_dense", step.FlopsDense),
        new("flops_executed", step.FlopsExecuted),
    ];

    /// <summary>The mask of a weight's after an update.</summary>
    public static Scalar[] Of(WeightMaskMetrics weight) =>
    [
        new("sparsity", weight.Sparsity),
        new("grown", weight.Grown),
        new("dropped", weight.Dropped),
        new("ever_alive", weight.Explored),
    ];

    /// <summary>An evaluation's, without the <c>eval_</c> that metrics.jsonl puts before what it measured.</summary>
    public static IEnumerable<Scalar> Of(EvaluationMetrics evaluation)
    {
        yield return new("loss", evaluation.Loss);
        if (evaluation.Perplexity is { } perplexity)
        {
            yield return new("perplexity", perplexity);
        }

        if (evaluation.Accuracy is { } accuracy)
        {
            yield return new("accuracy", accuracy);
        }

        if (evaluation.Seconds is { } seconds)
        {
            yield return new(Seconds, seconds);
        }
    }
}
