using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>A checkpoint's tensors as the weights of a model, checked to be that model's.</summary>
internal sealed class CheckpointWeights : IWeightSource
{
    private readonly CheckpointReader reader;

    /// <summary>Checks that <paramref name="reader"/> holds exactly the tensors of a model.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not the model's.</exception>
    public CheckpointWeights(CheckpointReader reader, IReadOnlyList<NamedShape> definitions)
    {
        this.reader = reader;
        CheckpointContents.Check(reader, definitions);
    }

    /// <inheritdoc/>
    public void Read(int index, ParameterDefinition parameter, Span<float> dense) => reader.Read(parameter.Name, dense);
}
