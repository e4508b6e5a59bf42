namespace SparseEngine.Runs;

/// <summary>One evaluation, as it goes into metrics.jsonl.</summary>
/// <param name="Step">The checkpoint's step.</param>
/// <param name="Loss">Mean cross-entropy over the tokens that count, in nats.</param>
/// <param name="Perplexity">e to the loss; null where compute_eval_metrics is false.</param>
/// <param name="Accuracy">The share of tokens predicted right; null where compute_eval_metrics is false.</param>
/// <param name="Tokens">The number of tokens that count.</param>
/// <param name="Seconds">Training time until the step, as <see cref="StepMetrics.Seconds"/>; null where the checkpoint does not say.</param>
/// <param name="Dataloader">Of several validation data, the name of those it is about: validate_0 is the first; null where there is one.</param>
public sealed record EvaluationMetrics(
    int Step, double Loss, double? Perplexity, double? Accuracy, long Tokens, double? Seconds = null, string? Dataloader = null)
{
    /// <summary>The name of one of several validation data, as the Model Zoo has it: validate_0, validate_1.</summary>
    internal static string DataloaderName(int index) => FormattableString.Invariant($"validate_{index}");
}
