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
        Write([.. tensors], step: 0, samplesConsumed: 0, updates: 0, seconds: 0, emptyWeights: []);
    }

    /// <summary>Writes the model and its optimizer's state after <paramref name="step"/> steps, which took <paramref name="seconds"/>.</summary>
    public void Save(Optimizer optimizer, MovingMasks masks, int step, long samplesConsumed, double seconds)
    {
        List<TensorWriter> tensors = [];
        foreach (Parameter parameter in optimizer.Parameters)
        {
            tensors.Add(new TensorWriter(parameter.Name, parameter.Shape, dense =>
            {
                parameter.Expand(parameter.Values, dense);
                masks.MarkLived(parameter, dense);
            }));
            for (int state = 0; state < optimizer.StateNames.Length; state++)
            {
                DeviceBuffer<float> stored = parameter.States[state];
                string key = OptimizerStateName.Of(parameter.Name, optimizer.StateNames[state]);
                tensors.Add(new TensorWriter(key, parameter.Shape, dense => parameter.Expand(stored, dense)));
            }
        }

        string[] emptyWeights = [.. optimizer.Parameters.Where(parameter => parameter.NonZeros == 0).Select(parameter => parameter.Name)];
        Write(tensors, step, samplesConsumed, optimizer.Updates, seconds, emptyWeights);
    }

    private void Write(
        IReadOnlyList<TensorWriter> tensors, int step, long samplesConsumed, int updates, double seconds, IReadOnlyCollection<string> emptyWeights)
    {
        string path = CheckpointDirectory.PathFor(config.ModelDirectory, step);
        Dictionary<string, string> metadata = new()
        {
            [ModelDescription.MetadataKey] = ModelDescription.Write(model),
            [OptimizerStateName.Updates] = updates.ToString(CultureInfo.InvariantCulture),
            [TrainingTime.Key] = TrainingTime.Write(seconds),
        };
        TrainingState state = new(step, samplesConsumed, config.Seed, shuffleSeed);
        MdlWriter.Write(path, tensors, state, SparsitySeed.With(Divergence.WithEmptyWeights(metadata, emptyWeights), sparsitySeed));
        LastPath = path;
        observer.OnCheckpoint(path, step);
        if (config.KeepCheckpointMax is { } keep)
        {
            CheckpointDirectory.Prune(config.ModelDirectory, step, keep);
        }
    }
}
