using System.Collections.Immutable;
using SparseEngine.Metrics;
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
        List<NamedShape> missing = [.. expected.Where(tensor => !reader.Contains(tensor.Name))];
        if (missing.Count > 0)
        {
            throw new CheckpointException(
                WithoutBiases(reader, expected, missing)
                ?? $"{reader.Path}: lacks {missing.Count} of the model's {expected.Count} parameters, first {missing[0].Name}; "
                    + $"{description} must describe the model it was saved from");
        }

        HashSet<string> known = [.. expected.Select(tensor => tensor.Name)];
        List<string> surplus = [.. reader.Names.Where(name => !known.Contains(name) && isModels(name))];
        if (surplus.Count > 0)
        {
            throw new CheckpointException(
                $"{reader.Path}: has {Quantity.Count(surplus.Count, "parameter")} that the model lacks, first {surplus[0]}; "
                + $"{description} must describe the model it was saved from");
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

    /// <summary>What to say where biases of normalizations, and perhaps of linear layers, are all that is missing; else null.</summary>
    private static string? WithoutBiases(CheckpointReader reader, IReadOnlyList<NamedShape> expected, List<NamedShape> missing)
    {
        const string bias = ".bias";
        Dictionary<string, NamedShape> weights = expected
            .Where(tensor => reader.Contains(tensor.Name))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        List<NamedShape?> layers =
        [
            .. missing.Select(tensor => tensor.Name.EndsWith(bias, StringComparison.Ordinal)
                ? weights.GetValueOrDefault($"{tensor.Name[..^bias.Length]}.weight")
                : null),
        ];
        int norms = layers.Count(weight => weight?.Shape.Length == 1);
        string others = layers.Count > norms ? $" and {Quantity.Count(layers.Count - norms, "linear layer")}" : "";
        return norms == 0 || layers.Contains(null)
            ? null
            : $"{reader.Path}: lacks the biases of {Quantity.Count(norms, "normalization")}{others}, first {missing[0].Name}; "
                + "a model without them has norm_type biasless-layernorm, and with biases of zeros in the file it is the same model";
    }

    private static bool IsDuplicate(string name) =>
        name.StartsWith(DuplicateNorm, StringComparison.Ordinal) || name == $"{GptArchitecture.Head}.weight";
}
