using SparseEngine.Configuration;
using static System.FormattableString;

namespace SparseEngine.Sparsity;

/// <summary>
/// Sparse Wide, the iso-FLOP transformation of Sparse-IFT that widens layers (Thangarasa et al., 2023, arXiv 2303.11525): a linear layer
/// that is k times as wide on both sides and of which 1 - s = 1 / k^2 is kept has as many non-zeros as the dense layer.
/// </summary>
internal static class SparseWide
{
    /// <summary>What widths are multiplied by: sqrt(1 / (1 - s)).</summary>
    /// <param name="sparsity">s, in [0, 1).</param>
    public static double Factor(double sparsity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sparsity);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sparsity, 1);
        return Math.Sqrt(1 / (1 - sparsity));
    }

    /// <summary>The model with its hidden and filter size widened; heads and layers stay.</summary>
    /// <remarks>
    /// The hidden size goes to the nearest multiple of the heads. The filter keeps its ratio to the hidden size and goes to a
    /// multiple of the heads too. So the published 50% GPT-3 Small has 1092 and 4368 in place of 768 and 3072.
    /// </remarks>
    /// <param name="model">The dense model.</param>
    /// <param name="sparsity">The share of zeros that the widened linear layers are to have, in [0, 1).</param>
    /// <exception cref="ConfigurationException">A weight would have more elements than an array can.</exception>
    public static ModelParameters Widen(ModelParameters model, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(model);
        double hidden = NearestMultiple(model.HiddenSize * Factor(sparsity), model.Heads);
        double filter = NearestMultiple(model.FilterSize * hidden / model.HiddenSize, model.Heads);
        double widest = Math.Max(Math.Max(hidden, filter), Math.Max(model.VocabularySize, model.MaxPositionEmbeddings));
        if (hidden * widest > Array.MaxLength)
        {
            throw new ConfigurationException(
                Invariant($"sparsity {sparsity} widens hidden_size to {hidden}: with {widest} rows ")
                + $"that makes a weight of more than {Array.MaxLength} elements");
        }

        return model with { HiddenSize = (int)hidden, FilterSize = (int)filter };
    }

    private static double NearestMultiple(double size, int unit) => unit * Math.Max(1, Math.Round(size / unit, MidpointRounding.AwayFromZero));
}
