using SparseEngine.Data;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>Measures a model on validation samples: mean cross-entropy of the tokens that count, perplexity, accuracy.</summary>
internal sealed class Evaluator : IDisposable
{
    private readonly GptModel model;
    private readonly GptWorkspace workspace;
    private readonly LanguageModelLoss loss;
    private readonly BatchLoader loader;
    private readonly Batch batch;
    private readonly int batches;
    private readonly IRunObserver observer;

    /// <summary>Allocates the activations of an evaluation batch.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="loader">The samples.</param>
    /// <param name="steps">Batches to evaluate; null, or more than there are, for all.</param>
    /// <param name="observer">Told of each batch.</param>
    public Evaluator(ComputeDevice device, GptModel model, BatchLoader loader, int? steps, IRunObserver observer)
    {
        this.model = model;
        this.loader = loader;
        this.observer = observer;
        batches = Math.Min(steps ?? int.MaxValue, loader.BatchesPerEpoch);
        batch = new Batch(loader.BatchSize, loader.SequenceLength);
        workspace = new GptWorkspace(device, model.Shape, loader.BatchSize, loader.SequenceLength, training: false);
        loss = new LanguageModelLoss(device, model.Shape.VocabularySize, workspace.Tokens);
    }

    /// <summary>Evaluates the model as it is, always on the same samples.</summary>
    /// <param name="step">The model's step, for the result.</param>
    /// <param name="stop">Ends the evaluation after a batch.</param>
    /// <returns>The metrics; null where it was stopped.</returns>
    /// <exception cref="DataException">None of the tokens counts.</exception>
    public EvaluationMetrics? Evaluate(int step, CancellationToken stop)
    {
        long counted = 0;
        loss.Reset();
        for (int i = 0; i < batches; i++)
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            loader.Load((long)i * loader.BatchSize, batch);
            workspace.InputIds.CopyFrom(batch.InputIds);
            model.Forward(workspace);
            loss.Compute(model, workspace, batch.Labels, batch.Mask, gradientScale: null);
            foreach (int mask in batch.Mask)
            {
                counted += mask;
            }

            observer.OnEvaluationProgress(i + 1, batches);
        }

        if (counted == 0)
        {
            throw new DataException($"none of the tokens of {(batches == 1 ? "the validation batch" : $"{batches} validation batches")} counts: their attention_mask is 0 throughout");
        }

        double mean = loss.Sum.Read() / counted;
        bool all = model.Shape.ComputeEvalMetrics;
        return new EvaluationMetrics(step, mean, all ? Math.Exp(mean) : null, all ? loss.Hits.Read() / counted : null, counted);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        workspace.Dispose();
        loss.Dispose();
    }
}
