using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>What in a model multiplies matrices.</summary>
public enum LayerPart
{
    /// <summary>The weight of a decoder's linear layer.</summary>
    Linear,

    /// <summary>Attention itself: scores and attended values, which have no weights.</summary>
    Attention,

    /// <summary>The output head.</summary>
    Head,
}

/// <summary>Floating-point operations that one weight, or one layer's attention, takes in a forward pass; a multiply-add is 2.</summary>
/// <param name="Name">
/// The weight's name in a checkpoint; <c>...self_attn</c> for attention itself, <c>model.lm_head.weight</c> for the head, tied or not.
/// </param>
/// <param name="DenseForward">Without sparsity.</param>
/// <param name="ExecutedForward">Of the non-zeros.</param>
public sealed record LayerFlops(string Name, double DenseForward, double ExecutedForward)
{
    /// <summary>What it is.</summary>
    public LayerPart Part { get; init; }

    /// <summary>The decoder layer it belongs to; null for the head.</summary>
    public int? Layer { get; init; }

    /// <summary>Elements that multiply, zeros included: of a tied head those of the token table, of attention none.</summary>
    public long Elements { get; init; }

    /// <summary>Those of <see cref="Elements"/> that are kept.</summary>
    public long NonZeros { get; init; }

    /// <summary>A backward pass without sparsity: each product has two gradients of its own size.</summary>
    public double DenseBackward => 2 * DenseForward;

    /// <summary>A backward pass of the non-zeros. What is recomputed in it is not counted.</summary>
    public double ExecutedBackward => 2 * ExecutedForward;

    /// <summary>
    /// A forward pass: 2 x tokens x elements for each linear weight and the head, 2 x 2 x attention size for each query-key pair (score and value).
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights; of these the kept elements are executed.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="attention">Which query-key pairs of a sequence count.</param>
    /// <returns>The weights in parameter order, a tied head after them, then each layer's attention.</returns>
    public static ImmutableArray<LayerFlops> OfForwardPass(
        ModelParameters model, SparsityPlan plan, int batch, int sequence, AttentionCounting attention = AttentionCounting.Causal)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        double perElement = 2.0 * batch * sequence;
        Dictionary<string, long> kept = plan.Weights.ToDictionary(weight => weight.Name, weight => weight.Kept, StringComparer.Ordinal);
        ImmutableArray<LayerFlops>.Builder flops = ImmutableArray.CreateBuilder<LayerFlops>();
        foreach (ParameterDefinition weight in GptArchitecture.LinearWeights(model))
        {
            long nonZeros = kept.GetValueOrDefault(weight.Name, weight.Elements);
            flops.Add(new LayerFlops(weight.Name, perElement * weight.Elements, perElement * nonZeros)
            {
                Part = weight.Role == ParameterRole.HeadWeight ? LayerPart.Head : LayerPart.Linear,
                Layer = weight.Layer,
                Elements = weight.Elements,
                NonZeros = nonZeros,
            });
        }

        double pairs = 2 * perElement * model.AttentionSize * KeysOfQuery(attention, sequence, model.SlidingWindow ?? sequence);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            flops.Add(new LayerFlops($"{GptArchitecture.Layer(layer)}.self_attn", pairs, pairs) { Part = LayerPart.Attention, Layer = layer });
        }

        return flops.ToImmutable();
    }

    /// <summary>The mean number of keys of a query.</summary>
    private static double KeysOfQuery(AttentionCounting attention, int sequence, int window)
    {
        double most = Math.Min(sequence, window);

        // The first queries have fewer before them than the window holds.
        return attention == AttentionCounting.Full ? most : most - (most * (most - 1) / 2 / sequence);
    }
}
