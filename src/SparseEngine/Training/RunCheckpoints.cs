using System.Globalization;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Writes a run's checkpoints: dense tensors with NaN at sparse places, and all that a continuation needs.</summary>
internal sealed class RunCheckpoints(RunConfig config, ModelParameters model, int shuffleSeed, long? sparsitySeed, IRunObserver observer)
{
    /// <summary>The last checkpoint written.</summary>
    public string? LastPath { get; private set; }

    /// <summary>Writes the weights a run starts from, before they are masked, as the zoo does at step 0.</summary>
    public void SaveInitial(IReadOnlyList<ParameterDefinition> definitions, IWeightSource weights)
    {
        IEnumerable<TensorWriter> tensors = definitions.Select(
            (definition, index) => new TensorWriter(definition.Name, definition.Shape, dense => weights.Read(index, definition, dense)));
        WriteNext([.. tensors], TrainingProgress.None, updates: 0, emptyWeights: []);
    }

    /// <summary>Writes the model and its optimizer's state, and removes what is one checkpoint too many.</summary>
    public void Save(Optimizer optimizer, MovingMasks masks, TrainingProgress progress) =>
        WriteNext(TensorsOf(optimizer, masks), progress, optimizer.Updates, EmptyWeightsOf(optimizer));

    /// <summary>Writes the same as the checkpoint of the lowest validation loss, in place of the one before.</summary>
    public void SaveBest(Optimizer optimizer, MovingMasks masks, TrainingProgress progress)
    {
        string path = CheckpointDirectory.BestPath(config.ModelDirectory);
        Write(path, TensorsOf(optimizer, masks), progress, optimizer.Updates, EmptyWeightsOf(optimizer));
        observer.OnCheckpoint(path, progress.Step);
    }

    /// <summary>Writes the same and removes it, for its time.</summary>
    public void SaveTrial(Optimizer optimizer, MovingMasks masks)
    {
        string path = CheckpointDirectory.TrialPath(config.ModelDirectory);
        Write(path, TensorsOf(optimizer, masks), TrainingProgress.None, optimizer.Updates, EmptyWeightsOf(optimizer));
        CheckpointDirectory.RemoveTrial(config.ModelDirectory);
    }

    private static List<TensorWriter> TensorsOf(Optimizer optimizer, MovingMasks masks)
    {
        List<TensorWriter> tensors = [];
        foreach (Parameter parameter in optimizer.Parameters)
        {
            tensors.Add(Writer(parameter.Name, parameter, parameter.Values, masks.MarkLived(parameter)));
            for (int state = 0; state < optimizer.StateNames.Length; state++)
            {
                tensors.Add(Writer(OptimizerStateName.Of(parameter.Name, optimizer.StateNames[state]), parameter, parameter.States[state]));
            }
        }

        return tensors;
    }

    private static TensorWriter Writer(string name, Parameter parameter, DeviceBuffer<float> stored, Action<Span<float>>? mark = null) =>
        new(name, parameter.Shape, dense =>
        {
            parameter.Expand(stored, dense);
            mark?.Invoke(dense);
        })
        {
            // What is stored as it is written need not be copied as a whole.
            FillFrom = parameter.Pattern is null && mark is null ? (first, part) => stored.CopyTo(part, first) : null,
        };

    private static string[] EmptyWeightsOf(Optimizer optimizer) =>
        [.. optimizer.Parameters.Where(parameter => parameter.NonZeros == 0).Select(parameter => parameter.Name)];

    private void WriteNext(
        IReadOnlyList<TensorWriter> tensors, TrainingProgress progress, int updates, IReadOnlyCollection<string> emptyWeights)
    {
        string path = CheckpointDirectory.PathFor(config.ModelDirectory, progress.Step);
        Write(path, tensors, progress, updates, emptyWeights);
        LastPath = path;
        observer.OnCheckpoint(path, progress.Step);
        if (config.KeepCheckpointMax is { } keep)
        {
            CheckpointDirectory.Prune(config.ModelDirectory, progress.Step, keep);
        }
    }

    private void Write(
        string path, IReadOnlyList<TensorWriter> tensors, TrainingProgress progress, int updates, IReadOnlyCollection<string> emptyWeights)
    {
        Dictionary<string, string> metadata = new()
        {
            [ModelDescription.MetadataKey] = ModelDescription.Write(model),
            [OptimizerStateName.Updates] = updates.ToString(CultureInfo.InvariantCulture),
            [TrainingTime.Key] = TrainingTime.Write(progress.Seconds),
        };
        if (config.BudgetSteps is { } budget)
        {
            metadata[TimeBudget.Key] = budget.ToString(CultureInfo.InvariantCulture);
        }

        if (progress.Validation.LastStep > 0)
        {
            metadata[ValidationProgress.Key] = progress.Validation.Write();
        }

        TrainingState state = new(progress.Step, progress.SamplesConsumed, config.Seed, shuffleSeed);
        MdlWriter.Write(path, tensors, state, SparsitySeed.With(Divergence.WithEmptyWeights(metadata, emptyWeights), sparsitySeed));
    }
}
