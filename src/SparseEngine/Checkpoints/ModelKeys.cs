using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints;

/// <summary>The keys of a model section that say what function the weights are those of.</summary>
/// <remarks>What concerns training alone is not among them: dropout, initializers, the loss's scaling and what is measured.</remarks>
internal static class ModelKeys
{
    /// <summary>Each key with its value in a model, as a model section has it.</summary>
    public static ImmutableArray<(string Key, Func<ModelParameters, object> ValueIn)> All { get; } =
    [
        ("vocab_size", model => model.VocabularySize),
        ("hidden_size", model => model.HiddenSize),
        ("num_hidden_layers", model => model.Layers),
        ("num_heads", model => model.Heads),
        ("filter_size", model => model.FilterSize),
        ("max_position_embeddings", model => model.MaxPositionEmbeddings),
        ("use_position_embedding", model => model.HasPositionTable),
        ("share_embedding_weights", model => model.ShareEmbeddingWeights),
        ("embedding_layer_norm", model => model.EmbeddingLayerNorm),
        ("nonlinearity", model => ModelSection.Nonlinearities.NameOf(model.Nonlinearity)),
        ("attention_type", model => ModelSection.AttentionTypes.NameOf(model.ScaledAttention)),
        ("use_projection_bias_in_attention", model => model.UseProjectionBiasInAttention),
        ("use_ffn_bias_in_attention", model => model.UseFfnBiasInAttention),
        ("use_ffn_bias", model => model.UseFfnBias),
        ("use_bias_in_output", model => model.UseBiasInOutput),
        ("layer_norm_epsilon", model => model.LayerNormEpsilon),
    ];

    /// <summary>Where two models differ: the key, and its value in each.</summary>
    public static IEnumerable<(string Key, string Value, string Other)> Differences(ModelParameters model, ModelParameters other) => All
        .Select(key => (key.Key, Value: YamlScalar.Of(key.ValueIn(model)), Other: YamlScalar.Of(key.ValueIn(other))))
        .Where(difference => difference.Value != difference.Other && IsOfUse(difference.Key, model, other));

    // Without a table of positions their number limits the data alone.
    private static bool IsOfUse(string key, ModelParameters model, ModelParameters other) =>
        key != "max_position_embeddings" || model.HasPositionTable || other.HasPositionTable;
}
