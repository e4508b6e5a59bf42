using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>BLOOM: ALiBi, normalized embeddings, queries, keys and values fused head by head.</summary>
internal sealed class BloomLayout : IHuggingFaceLayout
{
    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "bloom", "BLOOM", "BloomForCausalLM", Prefix: "transformer.", WordEmbeddings: "word_embeddings.weight", Head: "lm_head",
        FirstToken: 1, LastToken: 2);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        config.RequireFalse("apply_residual_connection_post_layernorm");
        int hidden = config.Size(64, "n_embed", "hidden_size");
        return new ModelParameters
        {
            VocabularySize = config.Size(250880, "vocab_size"),
            MaxPositionEmbeddings = config.Size(2048, "seq_length"),
            PositionEmbedding = PositionEmbedding.Alibi,
            EmbeddingLayerNorm = true,
            HiddenSize = hidden,
            Layers = config.Size(2, "n_layer", "num_hidden_layers"),
            Heads = config.Divisor(8, hidden, "hidden_size", "n_head", "num_attention_heads"),
            FilterSize = (int)Math.Min(4L * hidden, int.MaxValue),
            Nonlinearity = Activation.GeluNew,
            LayerNormEpsilon = config.Number("layer_norm_epsilon", Interval.Positive, 1e-5),
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: true),
            DropoutRate = config.Number("hidden_dropout", Interval.Fraction, 0),
            AttentionDropoutRate = config.Number("attention_dropout", Interval.Fraction, 0),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => ModelDifferences.Of(
        model,
        Expressible.Alibi | Expressible.EmbeddingNorm,
        [
            (model.PositionScalingFactor != 1, $"pos_scaling_factor: {YamlScalar.Of(model.PositionScalingFactor)}"),
            (model.FilterSize != 4L * model.HiddenSize, $"filter_size: {model.FilterSize}, not 4 times hidden_size"),
            (model is { GatedFeedForward: false, Nonlinearity: not Activation.GeluNew }, ModelDifferences.Nonlinearity(model)),
            .. ModelDifferences.Biases(model, attention: true, feedForward: true),
        ]);

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => ModelDifferences.Dropout(model, model.DropoutRate, embedding: 0);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        json.WriteNumber("seq_length", model.MaxPositionEmbeddings);
        json.WriteNumber("hidden_size", model.HiddenSize);
        json.WriteNumber("n_layer", model.Layers);
        json.WriteNumber("n_head", model.Heads);
        json.WriteNumber("layer_norm_epsilon", model.LayerNormEpsilon);
        json.WriteNumber("hidden_dropout", model.DropoutRate);
        json.WriteNumber("attention_dropout", model.AttentionDropoutRate);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        HeadRows rows = new(model, halves: false);
        tensors.AddNorm("word_embeddings_layernorm", GptArchitecture.EmbeddingNorm);
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"h.{index}";
            tensors.AddNorm($"{block}.input_layernorm", here.AttentionNorm);
            tensors.AddLinear($"{block}.self_attention.query_key_value", rows.Grouped, here.Query, here.Key, here.Value);
            tensors.AddLinear($"{block}.self_attention.dense", here.Output);
            tensors.AddNorm($"{block}.post_attention_layernorm", here.FeedForwardNorm);
            tensors.AddLinear($"{block}.mlp.dense_h_to_4h", here.Expand);
            tensors.AddLinear($"{block}.mlp.dense_4h_to_h", here.Contract);
        }

        tensors.AddNorm("ln_f", GptArchitecture.FinalNorm);
    }
}
