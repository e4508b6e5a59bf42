using SparseEngine.Sparsity;

namespace SparseEngine.Runs;

/// <summary>What a run does.</summary>
public enum RunMode
{
    /// <summary>Train.</summary>
    Train,

    /// <summary>Evaluate one checkpoint.</summary>
    Eval,

    /// <summary>Train, evaluating every eval_frequency steps and at the end.</summary>
    TrainAndEval,

    /// <summary>Evaluate every checkpoint of the model directory.</summary>
    EvalAll,
}

/// <summary>Follows a run as it goes. Calls come from the run's thread; what an observer does not implement is passed over.</summary>
public interface IRunObserver
{
    /// <summary>The model is built and data are open; nothing has been computed yet.</summary>
    void OnStarted(RunOverview overview)
    {
    }

    /// <summary>One optimizer step is done, or several where the device is asynchronous: then it comes for steps that are logged, saved or evaluated.</summary>
    void OnStep(StepMetrics step)
    {
    }

    /// <summary>One evaluation batch is done.</summary>
    void OnEvaluationProgress(int batch, int batches)
    {
    }

    /// <summary>One evaluation is done.</summary>
    void OnEvaluated(EvaluationMetrics evaluation)
    {
    }

    /// <summary>A checkpoint is on disk.</summary>
    void OnCheckpoint(string path, int step)
    {
    }
}

/// <summary>What is about to run.</summary>
/// <param name="Mode">Train or evaluate.</param>
/// <param name="Device">The device's description.</param>
/// <param name="FirstStep">The step already done, 0 for a fresh run.</param>
/// <param name="LastStep">The step the run ends with.</param>
/// <param name="Parameters">The model's parameters, zeros included.</param>
/// <param name="NonZeros">Those that are not pruned.</param>
/// <param name="Plan">The sparse weights; empty for a dense run.</param>
/// <param name="ResumedFrom">The checkpoint loaded, if any.</param>
public sealed record RunOverview(
    RunMode Mode, string Device, int FirstStep, int LastStep, long Parameters, long NonZeros, SparsityPlan Plan, string? ResumedFrom);

/// <summary>One training step, as it goes into metrics.jsonl.</summary>
/// <param name="Step">1 for the first update.</param>
/// <param name="Loss">The scaled loss.</param>
/// <param name="LearningRate">The rate of this update.</param>
/// <param name="GradNorm">The global gradient norm before clipping.</param>
/// <param name="Tokens">Tokens in the step's batch.</param>
/// <param name="StepMs">Wall-clock milliseconds; the average since the figures before where those of steps between were not read.</param>
/// <param name="Seconds">Training time so far, evaluations and checkpoints apart, of the runs that this one goes on from too; null in a log of an older version.</param>
/// <param name="TokensPerSecond">Tokens by time.</param>
/// <param name="FlopsDense">Floating-point operations of the same step without sparsity; a multiply-add is 2.</param>
/// <param name="FlopsExecuted">Floating-point operations executed.</param>
public sealed record StepMetrics(
    int Step, double Loss, double LearningRate, double GradNorm, int Tokens, double StepMs, double? Seconds, double TokensPerSecond,
    double FlopsDense, double FlopsExecuted);

/// <summary>One evaluation, as it goes into metrics.jsonl.</summary>
/// <param name="Step">The checkpoint's step.</param>
/// <param name="Loss">Mean cross-entropy over the tokens that count, in nats.</param>
/// <param name="Perplexity">e to the loss; null where compute_eval_metrics is false.</param>
/// <param name="Accuracy">The share of tokens predicted right; null where compute_eval_metrics is false.</param>
/// <param name="Tokens">The number of tokens that count.</param>
/// <param name="Seconds">Training time until the step, as <see cref="StepMetrics.Seconds"/>; null where the checkpoint does not say.</param>
public sealed record EvaluationMetrics(int Step, double Loss, double? Perplexity, double? Accuracy, long Tokens, double? Seconds = null);

/// <summary>How a run ended.</summary>
/// <param name="LastStep">The last step done.</param>
/// <param name="LastLoss">Its loss; null where nothing was trained.</param>
/// <param name="Evaluation">The last evaluation; null where there was none.</param>
/// <param name="CheckpointPath">The last checkpoint written or loaded.</param>
/// <param name="FlopsDense">Training FLOPs the same run would have taken dense.</param>
/// <param name="FlopsExecuted">Training FLOPs executed.</param>
/// <param name="StateBytesDense">Bytes of weights, gradients and optimizer state of the same model dense.</param>
/// <param name="StateBytes">Bytes of weights, gradients, optimizer state and sparse patterns.</param>
/// <param name="TrainSeconds">Wall-clock seconds spent in training steps by this run alone.</param>
/// <param name="TokensTrained">Tokens trained on.</param>
public sealed record RunSummary(
    int LastStep, double? LastLoss, EvaluationMetrics? Evaluation, string? CheckpointPath, double FlopsDense, double FlopsExecuted,
    long StateBytesDense, long StateBytes, double TrainSeconds, long TokensTrained);

/// <summary>A run failed while running: one line. The program ends with exit code 1.</summary>
public sealed class TrainingException : Exception
{
    /// <summary>Creates the error.</summary>
    public TrainingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
