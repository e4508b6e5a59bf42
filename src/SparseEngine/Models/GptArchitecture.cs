using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>The parameters of a GPT-2 or GPT-3 as Model Zoo 1.8 builds it: their names, shapes and order.</summary>
/// <remarks>
/// The order is that of PyTorch's <c>named_parameters()</c>, which is the order of module construction: embeddings, the
/// final normalization, then layer by layer. A parameter's index in it seeds its mask and its initial weights.
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

    private const string Layers = "model.transformer_decoder.layers.";

    /// <summary>The name prefix of decoder layer <paramref name="index"/>, without the trailing dot.</summary>
    public static string Layer(int index) => $"{Layers}{index}";

    /// <summary>The decoder layer that a parameter belongs to; null for one of none.</summary>
    public static int? LayerOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith(Layers, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> rest = name.AsSpan(Layers.Length);
        int end = rest.IndexOf('.');
        return int.TryParse(end < 0 ? rest : rest[..end], out int index) ? index : null;
    }

    /// <summary>All parameters in <c>named_parameters()</c> order, a tied head left out.</summary>
    public static ImmutableArray<NamedShape> Parameters(ModelParameters model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ParameterList list = new();
        int hidden = model.HiddenSize;
        list.Add(WordEmbeddings, model.VocabularySize, hidden);
        if (model.UsePositionEmbedding)
        {
            list.Add(PositionEmbeddings, model.MaxPositionEmbeddings, hidden);
        }

        if (model.EmbeddingLayerNorm)
        {
            list.AddNorm(EmbeddingNorm, hidden);
        }

        list.AddNorm(FinalNorm, hidden);
        for (int index = 0; index < model.Layers; index++)
        {
            string layer = Layer(index);
            list.AddLinear($"{layer}.self_attn.proj_q_dense_layer", hidden, hidden, model.UseProjectionBiasInAttention);
            list.AddLinear($"{layer}.self_attn.proj_k_dense_layer", hidden, hidden, model.UseProjectionBiasInAttention);
            list.AddLinear($"{layer}.self_attn.proj_v_dense_layer", hidden, hidden, model.UseProjectionBiasInAttention);
            list.AddLinear($"{layer}.self_attn.proj_output_dense_layer", hidden, hidden, model.UseFfnBiasInAttention);
            list.AddNorm($"{layer}.norm1", hidden);
            list.AddNorm($"{layer}.norm3", hidden);
            list.AddLinear($"{layer}.ffn.ffn.0.linear_layer", model.FilterSize, hidden, model.UseFfnBias);
            list.AddLinear($"{layer}.ffn.ffn.1.linear_layer", hidden, model.FilterSize, model.UseFfnBias);
        }

        if (!model.ShareEmbeddingWeights)
        {
            list.Add($"{Head}.weight", model.VocabularySize, hidden);
        }

        if (model.UseBiasInOutput)
        {
            list.Add($"{Head}.bias", model.VocabularySize);
        }

        return list.ToImmutable();
    }

    /// <summary>Whether a parameter is a table that tokens or positions look rows up in, rather than one that multiplies.</summary>
    public static bool IsEmbeddingTable(string name) => name is WordEmbeddings or PositionEmbeddings;

    /// <summary>Whether weight decay applies to a parameter: biases and normalizations are left out.</summary>
    public static bool Decays(NamedShape parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Shape.Length > 1;
    }

    private sealed class ParameterList
    {
        private readonly ImmutableArray<NamedShape>.Builder parameters = ImmutableArray.CreateBuilder<NamedShape>();

        public void Add(string name, params ReadOnlySpan<int> shape) => parameters.Add(new NamedShape(name, [.. shape]));

        public void AddNorm(string name, int features)
        {
            Add($"{name}.weight", features);
            Add($"{name}.bias", features);
        }

        public void AddLinear(string name, int outputs, int inputs, bool bias)
        {
            Add($"{name}.weight", outputs, inputs);
            if (bias)
            {
                Add($"{name}.bias", outputs);
            }
        }

        public ImmutableArray<NamedShape> ToImmutable() => parameters.ToImmutable();
    }
}
