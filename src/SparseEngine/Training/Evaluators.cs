using SparseEngine.Distributed;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Measures a model on each of a run's validation data.</summary>
internal sealed class Evaluators : IDisposable
{
    private readonly List<(string? Name, Evaluator Evaluator)> evaluators = [];

    /// <summary>Allocates the activations of each one's batches.</summary>
    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The samples.</param>
    /// <param name="steps">Batches to evaluate of each; null, or more than there are, for all.</param>
    /// <param name="observer">Told of each batch.</param>
    /// <param name="ranks">Those who share the batches.</param>
    public Evaluators(ComputeDevice device, GptModel model, ValidationData data, int? steps, IRunObserver observer, Communicator ranks)
    {
        try
        {
            foreach ((string? name, Data.BatchLoader loader) in data.Loaders)
            {
                evaluators.Add((name, new Evaluator(device, model, loader, steps, observer, ranks)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The batches of an evaluation on all of them.</summary>
    public int Batches => evaluators.Sum(evaluator => evaluator.Evaluator.Batches);

    /// <summary>Evaluates the model as it is, on one after another.</summary>
    /// <param name="step">The model's step, for the results.</param>
    /// <param name="stop">Ends the evaluation after a batch.</param>
    /// <returns>The metrics of each; where it was stopped, of those that were done.</returns>
    /// <exception cref="Data.DataException">None of the tokens of one counts.</exception>
    public IEnumerable<EvaluationMetrics> Evaluate(int step, CancellationToken stop)
    {
        foreach ((string? name, Evaluator evaluator) in evaluators)
        {
            if (evaluator.Evaluate(step, stop) is not { } metrics)
            {
                yield break;
            }

            yield return metrics with { Dataloader = name };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, Evaluator evaluator) in evaluators)
        {
            evaluator.Dispose();
        }
    }
}
