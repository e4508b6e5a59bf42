using System.Collections.Immutable;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Inference;

/// <summary>Loads a checkpoint's parameters for evaluation and generation.</summary>
internal static class InferenceParameters
{
    /// <summary>The parameters as the checkpoint has them: NaN marks a sparse place, whatever the YAML says.</summary>
    /// <exception cref="CheckpointException">The checkpoint is not one of this model.</exception>
    public static ParameterSet Load(ComputeDevice device, ModelParameters shape, CheckpointReader reader)
    {
        if (shape.Layers > reader.Names.Count)
        {
            // Before all their names are made.
            throw new CheckpointException($"{reader.Path}: has {reader.Names.Count} tensors, its model {shape.Layers} layers");
        }

        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(shape);
        CheckpointWeights weights = new(reader, definitions);
        return ParameterSet.Build(device, definitions, weights, new StoredMasks(), trainable: false);
    }
}
