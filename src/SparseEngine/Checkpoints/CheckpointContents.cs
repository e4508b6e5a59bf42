using System.Collections.Immutable;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>Checks that a checkpoint holds exactly the tensors of a model.</summary>
internal static class CheckpointContents
{
    private const string ModelPrefix = "model.";
    private const string DuplicateNorm = "model.transformer_decoder.norm.";

    /// <summary>Checks a checkpoint whose names are those of the Model Zoo.</summary>
    /// <remarks>
    /// The duplicates that a zoo state dict has of a tied head and of the final normalization are ignored; any other
    /// <c>model.</c> tensor that the model lacks is an error.
    /// </remarks>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not the model's.</exception>
    public static void Check(CheckpointReader reader, IReadOnlyList<NamedShape> parameters) =>
        Check(reader, parameters, name => name.StartsWith(ModelPrefix, StringComparison.Ordinal) && !IsDuplicate(name), "the model section");

    /// <summary>Checks a checkpoint of any names.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="expected">The tensors it must hold.</param>
    /// <param name="isModels">Whether a tensor that is not expected would be one of a model's, and so an error.</param>
    /// <param name="description">What the expectation comes from, for errors.</param>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not the model's.</exception>
    public static void Check(CheckpointReader reader, IReadOnlyList<NamedShape> expected, Func<string, bool> isModels, string description)
    {
        List<string> missing = [.. expected.Select(tensor => tensor.Name).Where(name => !reader.Contains(name))];
        if (missing.Count > 0)
        {
            throw new CheckpointException(
                $"{reader.Path}: lacks {missing.Count} of the model's {expected.Count} parameters, first {missing[0]}; {description} must describe the model it was saved from");
        }

        HashSet<string> known = [.. expected.Select(tensor => tensor.Name)];
        List<string> surplus = [.. reader.Names.Where(name => !known.Contains(name) && isModels(name))];
        if (surplus.Count > 0)
        {
            throw new CheckpointException(
                $"{reader.Path}: has {surplus.Count} parameters that the model lacks, first {surplus[0]}; {description} must describe the model it was saved from");
        }

        foreach (NamedShape tensor in expected)
        {
            ImmutableArray<int> found = reader.Shape(tensor.Name);
            if (!found.SequenceEqual(tensor.Shape))
            {
                throw new CheckpointException(
                    $"{reader.Path}: {tensor.Name} is [{string.Join(", ", found)}], {description} makes it [{string.Join(", ", tensor.Shape)}]");
            }
        }
    }

    private static bool IsDuplicate(string name) =>
        name.StartsWith(DuplicateNorm, StringComparison.Ordinal) || name == $"{GptArchitecture.Head}.weight";
}
