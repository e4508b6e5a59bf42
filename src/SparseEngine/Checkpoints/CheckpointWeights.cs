using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>A checkpoint's tensors as the weights of a model, checked to be that model's, and not to have diverged.</summary>
internal sealed class CheckpointWeights : IWeightSource
{
    private readonly CheckpointReader reader;
    private readonly int count;
    private readonly Func<Divergence> look;
    private Divergence divergence;

    /// <summary>Checks that <paramref name="reader"/> holds exactly the tensors of a model.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="definitions">The model's parameters.</param>
    /// <param name="mayBeEmpty">
    /// Whether any weight may be NaN throughout, since masks are chosen anew; else only those that the checkpoint names.
    /// </param>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not the model's.</exception>
    public CheckpointWeights(CheckpointReader reader, IReadOnlyList<NamedShape> definitions, bool mayBeEmpty = false)
    {
        this.reader = reader;
        count = definitions.Count;
        look = () => mayBeEmpty ? new Divergence(reader.Path, _ => true) : Divergence.Of(reader);
        divergence = look();
        CheckpointContents.Check(reader, definitions);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">The parameters, of which this is the last in order, are those of a model that diverged.</exception>
    public void Read(int index, ParameterDefinition parameter, Span<float> dense)
    {
        reader.Read(parameter.Name, dense);
        divergence.Add(parameter, dense);
        if (index == count - 1)
        {
            // Not before the last: the line counts them all.
            Divergence done = divergence;
            divergence = look();
            done.ThrowIfAny();
        }
    }
}
