using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Measures a model on validation samples: mean cross-entropy of the tokens that count, perplexity, accuracy.</summary>
/// <remarks>Batches go round the ranks, whole ones, so that a batch takes the memory that it takes one process.</remarks>
internal sealed class Evaluator : IDisposable
{
    private readonly GptModel model;
    private readonly GptWorkspace workspace;
    private readonly LanguageModelLoss loss;
    private readonly BatchLoader loader;
    private readonly Batch batch;
    private readonly int batches;
    private readonly IRunObserver observer;
    private readonly Communicator ranks;

    /// <summary>Allocates the activations of an evaluation batch.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="loader">The samples.</param>
    /// <param name="steps">Batches to evaluate; null, or more than there are, for all.</param>
    /// <param name="observer">Told of each batch.</param>
    /// <param name="ranks">Those who share the batches.</param>
    public Evaluator(ComputeDevice device, GptModel model, BatchLoader loader, int? steps, IRunObserver observer, Communicator ranks)
    {
        this.model = model;
        this.loader = loader;
        this.observer = observer;
        this.ranks = ranks;
        batches = Math.Min(steps ?? int.MaxValue, loader.BatchesPerEpoch);
        batch = new Batch(loader.BatchSize, loader.SequenceLength);
        int tokens = checked(loader.BatchSize * loader.SequenceLength);
        workspace = new GptWorkspace(
            device, model.Shape, loader.BatchSize, loader.SequenceLength, training: false, model.LogitTokens(tokens, gradients: false));
        loss = new LanguageModelLoss(device, model, tokens);
    }

    /// <summary>The batches of an evaluation.</summary>
    public int Batches => batches;

    /// <summary>Evaluates the model as it is, always on the same samples.</summary>
    /// <param name="step">The model's step, for the result.</param>
    /// <param name="stop">Ends the evaluation after a batch.</param>
    /// <returns>The metrics; null where it was stopped.</returns>
    /// <exception cref="DataException">None of the tokens counts.</exception>
    public EvaluationMetrics? Evaluate(int step, CancellationToken stop)
    {
        long counted = 0;
        loss.Reset();
        for (int first = 0; first < batches; first += ranks.Size)
        {
            if (StopRequest.IsAgreed(ranks, stop))
            {
                return null;
            }

            if (first + ranks.Rank < batches)
            {
                counted += Add(first + ranks.Rank);
            }

            observer.OnEvaluationProgress(Math.Min(first + ranks.Size, batches), batches);
        }

        double[] sums = [loss.Sum.Read(), loss.Hits.Read(), counted];
        ranks.Sum(sums);
        return Metrics(step, sums[0], sums[1], (long)sums[2]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        workspace.Dispose();
        loss.Dispose();
    }

    /// <summary>Adds a batch to the sums.</summary>
    /// <returns>The labels that count.</returns>
    private long Add(int index)
    {
        loader.Load((long)index * loader.BatchSize, batch);
        workspace.InputIds.CopyFrom(batch.InputIds);
        model.Forward(workspace);
        loss.Compute(workspace, batch.Labels, batch.Mask, gradientScale: null);
        return batch.CountedLabels();
    }

    private EvaluationMetrics Metrics(int step, double lossSum, double hits, long counted)
    {
        if (counted == 0)
        {
            throw new DataException(FormattableString.Invariant(
                $"none of the tokens of {batches} validation {(batches == 1 ? "batch" : "batches")} counts: attention_mask is 0 throughout"));
        }

        double mean = lossSum / counted;
        bool all = model.Shape.ComputeEvalMetrics;
        return new EvaluationMetrics(step, mean, all ? Math.Exp(mean) : null, all ? hits / counted : null, counted);
    }
}
