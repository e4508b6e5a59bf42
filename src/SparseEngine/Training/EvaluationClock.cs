using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Times an evaluation, by its first batches where it is long: it observes the evaluation and ends it.</summary>
internal sealed class EvaluationClock(RunContext run, double seconds) : IRunObserver, IDisposable
{
    private readonly CancellationTokenSource enough = new();
    private long began;
    private int done;
    private int doneBefore;
    private (int Batches, double Seconds) first;

    private double Elapsed => run.Clock.GetElapsedTime(began).TotalSeconds;

    /// <summary>Makes an evaluation, or some of it.</summary>
    /// <returns>The seconds of a whole one.</returns>
    public double Time(Evaluators evaluators, CancellationToken stop)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, stop);
        began = run.Clock.GetTimestamp();
        foreach (EvaluationMetrics _ in evaluators.Evaluate(step: 0, either.Token))
        {
            doneBefore += done;
            done = 0;
        }

        // The first batch has code to compile.
        double timed = Elapsed;
        int batches = doneBefore + done;
        return batches > first.Batches ? (timed - first.Seconds) / (batches - first.Batches) * evaluators.Batches : timed;
    }

    /// <inheritdoc/>
    public void OnEvaluationProgress(int batch, int batches)
    {
        done = batch;
        first = first.Batches == 0 ? (batch, Elapsed) : first;

        // Where one rank has had enough, all have.
        if (run.Ranks.IsFirst && Elapsed >= seconds && doneBefore + done > first.Batches)
        {
            enough.Cancel();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => enough.Dispose();
}
