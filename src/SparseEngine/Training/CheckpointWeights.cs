using System.Collections.Immutable;
using SparseEngine.Checkpoints;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>A checkpoint's tensors as the weights of a model, checked to be that model's.</summary>
/// <remarks>
/// The duplicates that a zoo state dict has of a tied head and of the final normalization are ignored; any other
/// <c>model.</c> tensor that the model lacks is an error.
/// </remarks>
internal sealed class CheckpointWeights : IWeightSource
{
    private const string ModelPrefix = "model.";
    private const string DuplicateNorm = "model.transformer_decoder.norm.";

    private readonly CheckpointReader reader;

    /// <summary>Checks that <paramref name="reader"/> holds exactly the tensors of a model.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not the model's.</exception>
    public CheckpointWeights(CheckpointReader reader, IReadOnlyList<NamedShape> definitions)
    {
        this.reader = reader;
        CheckNames(definitions);
        CheckShapes(definitions);
    }

    /// <inheritdoc/>
    public void Read(int index, NamedShape parameter, Span<float> dense) => reader.Read(parameter.Name, dense);

    private void CheckNames(IReadOnlyList<NamedShape> definitions)
    {
        List<string> missing = [.. definitions.Select(definition => definition.Name).Where(name => !reader.Contains(name))];
        if (missing.Count > 0)
        {
            throw new CheckpointException(
                $"{reader.Path}: lacks {missing.Count} of the model's {definitions.Count} parameters, first {missing[0]}; the model section must describe the model it was saved from");
        }

        HashSet<string> known = [.. definitions.Select(definition => definition.Name)];
        List<string> surplus = [.. reader.Names.Where(name => name.StartsWith(ModelPrefix, StringComparison.Ordinal) && !known.Contains(name) && !IsDuplicate(name))];
        if (surplus.Count > 0)
        {
            throw new CheckpointException(
                $"{reader.Path}: has {surplus.Count} parameters that the model lacks, first {surplus[0]}; the model section must describe the model it was saved from");
        }
    }

    private void CheckShapes(IReadOnlyList<NamedShape> definitions)
    {
        foreach (NamedShape definition in definitions)
        {
            ImmutableArray<int> found = reader.Shape(definition.Name);
            if (!found.SequenceEqual(definition.Shape))
            {
                throw new CheckpointException(
                    $"{reader.Path}: {definition.Name} is [{string.Join(", ", found)}], the model section makes it [{string.Join(", ", definition.Shape)}]");
            }
        }
    }

    private static bool IsDuplicate(string name) =>
        name.StartsWith(DuplicateNorm, StringComparison.Ordinal) || name == $"{GptArchitecture.Head}.weight";
}
