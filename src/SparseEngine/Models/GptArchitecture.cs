using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Models;

/// <summary>The parameters of a decoder of the GPT family as the Model Zoo builds it: their names, shapes and order.</summary>
/// <remarks>
/// The order is that of PyTorch's <c>named_parameters()</c>, which is the order of module construction: embeddings, the
/// final normalization, then layer by layer. A parameter's index in it seeds its mask and its initial weights.
/// Each part of the model declares its own, beside its forward and backward passes.
/// </remarks>
public static class GptArchitecture
{
    /// <summary>The token table [vocabulary, hidden]; also the output head where the embeddings are shared.</summary>
    public const string WordEmbeddings = "model.embedding_layer.word_embeddings.weight";

    /// <summary>The position table [positions, hidden].</summary>
    public const string PositionEmbeddings = "model.embedding_layer.position_embeddings.weight";

    /// <summary>The normalization of the embeddings, where there is one.</summary>
    public const string EmbeddingNorm = "model.embedding_ln_f";

    /// <summary>The normalization before the output head.</summary>
    public const string FinalNorm = "model.ln_f";

    /// <summary>The output head, where it is not the token table.</summary>
    public const string Head = "model.lm_head";

    /// <summary>The name prefix of decoder layer <paramref name="index"/>, without the trailing dot.</summary>
    public static string Layer(int index) => $"model.transformer_decoder.layers.{index}";

    /// <summary>All parameters in <c>named_parameters()</c> order, a tied head left out.</summary>
    public static ImmutableArray<ParameterDefinition> Parameters(ModelParameters model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ParameterList parameters = new();
        GptModel.Declare(parameters, model);
        return parameters.ToImmutable();
    }

    /// <summary>The weights that multiply activations: those of the decoder's linear layers, then the head's, tied or not.</summary>
    /// <remarks>A tied head comes under its own name with the token table's shape: it multiplies as well as it looks up.</remarks>
    public static ImmutableArray<ParameterDefinition> LinearWeights(ModelParameters model)
    {
        ImmutableArray<ParameterDefinition> parameters = Parameters(model);
        IEnumerable<ParameterDefinition> tiedHead = model.ShareEmbeddingWeights
            ? [parameters.First(parameter => parameter.Name == WordEmbeddings) with { Name = $"{Head}.weight", Role = ParameterRole.HeadWeight }]
            : [];
        return [.. parameters.Where(parameter => parameter.CanBeSparse), .. tiedHead];
    }
}
