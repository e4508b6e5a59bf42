using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Metrics;

/// <summary>Floating-point operations that one weight, or one layer's attention, takes in a forward pass; a multiply-add is 2.</summary>
/// <param name="Name">The weight's name in a checkpoint; <c>...self_attn</c> for attention itself, <c>model.lm_head.weight</c> for the head, tied or not.</param>
/// <param name="DenseForward">Without sparsity.</param>
/// <param name="ExecutedForward">Of the non-zeros.</param>
public sealed record LayerFlops(string Name, double DenseForward, double ExecutedForward)
{
    /// <summary>A forward pass: 2 x tokens x elements for each linear weight and the head, 2 x 2 x hidden for each causal query-key pair (score and value).</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights; of these the kept elements are executed.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="sequence">Tokens in a sequence: sequence x (sequence + 1) / 2 pairs.</param>
    /// <returns>The weights in parameter order, a tied head after them, then each layer's attention.</returns>
    public static ImmutableArray<LayerFlops> OfForwardPass(ModelParameters model, SparsityPlan plan, int batch, int sequence)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        double perElement = 2.0 * batch * sequence;
        Dictionary<string, long> kept = plan.Weights.ToDictionary(weight => weight.Name, weight => weight.Kept, StringComparer.Ordinal);
        ImmutableArray<LayerFlops>.Builder flops = ImmutableArray.CreateBuilder<LayerFlops>();
        foreach (NamedShape weight in GptArchitecture.Parameters(model).Where(parameter => parameter.IsLinearWeight))
        {
            flops.Add(new LayerFlops(weight.Name, perElement * weight.Elements, perElement * kept.GetValueOrDefault(weight.Name, weight.Elements)));
        }

        if (model.ShareEmbeddingWeights)
        {
            double head = perElement * model.VocabularySize * model.HiddenSize;
            flops.Add(new LayerFlops($"{GptArchitecture.Head}.weight", head, head));
        }

        double attention = perElement * model.HiddenSize * (sequence + 1.0);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            flops.Add(new LayerFlops($"{GptArchitecture.Layer(layer)}.self_attn", attention, attention));
        }

        return flops.ToImmutable();
    }
}
