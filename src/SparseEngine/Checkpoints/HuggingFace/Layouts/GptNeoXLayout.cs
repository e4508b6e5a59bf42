using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>GPT-NeoX, Pythia's: queries, keys and values fused head by head, a share of each head rotated by halves.</summary>
internal sealed class GptNeoXLayout : IHuggingFaceLayout
{
    private const string Share = "rotary_pct";
    private const string Theta = "rotary_emb_base";
    private const string Parallel = "use_parallel_residual";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "gpt_neox", "GPT-NeoX", "GPTNeoXForCausalLM", Prefix: "gpt_neox.", WordEmbeddings: "embed_in.weight", Head: "embed_out",
        FirstToken: 0, LastToken: 2);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        int hidden = config.Size(6144, "hidden_size");
        double dropout = config.Number("hidden_dropout", Interval.Fraction, 0);
        bool attentionBias = config.Flag("attention_bias", byDefault: true);
        bool parallel = config.Flag(Parallel, byDefault: true);
        ModelParameters model = new()
        {
            VocabularySize = config.Size(50432, "vocab_size"),
            MaxPositionEmbeddings = config.Size(2048, "max_position_embeddings"),
            HiddenSize = hidden,
            Layers = config.Size(44, "num_hidden_layers"),
            Heads = config.Divisor(64, hidden, "hidden_size", "num_attention_heads"),
            FilterSize = config.Size(24576, "intermediate_size"),
            Nonlinearity = ActivationNames.Read(config, "hidden_act", "gelu"),
            LayerNormEpsilon = config.Number("layer_norm_eps", Interval.Positive, 1e-5),
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: false),
            ParallelResidual = parallel,
            UntiedLayerNorm = parallel,
            UseProjectionBiasInAttention = attentionBias,
            UseFfnBiasInAttention = attentionBias,
            DropoutRate = dropout,
            EmbeddingDropoutRate = dropout,
            AttentionDropoutRate = config.Number("attention_dropout", Interval.Fraction, 0),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
        double share = RotaryConfig.ReadShare(config, Share, 0.25);
        int rotated = (int)(model.HeadSize * share);
        return rotated >= 2 && rotated % 2 == 0
            ? RotaryConfig.Read(config, model, rotated, Theta)
            : throw config.Invalid(Share, share, $"a share that makes an even number of at least 2 of a head's {model.HeadSize} features");
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => ModelDifferences.Of(
        model,
        Expressible.Rotary | Expressible.Parallel,
        [
            (model is { ParallelResidual: true, UntiedLayerNorm: false }, "use_untied_layer_norm: false"),
            .. ModelDifferences.Biases(model, attention: null, feedForward: true),
        ]);

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => ModelDifferences.Dropout(model, model.DropoutRate, embedding: model.DropoutRate);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        json.WriteNumber("max_position_embeddings", model.MaxPositionEmbeddings);
        json.WriteNumber("hidden_size", model.HiddenSize);
        json.WriteNumber("num_hidden_layers", model.Layers);
        json.WriteNumber("num_attention_heads", model.Heads);
        json.WriteNumber("intermediate_size", model.FilterSize);
        ActivationNames.Write(json, "hidden_act", model);
        json.WriteNumber("layer_norm_eps", model.LayerNormEpsilon);
        json.WriteBoolean(Parallel, model.ParallelResidual);
        json.WriteBoolean("attention_bias", model.UseProjectionBiasInAttention);
        json.WriteNumber(Share, ShareOf(model.Rotary!.Dimensions, model.HeadSize));
        RotaryConfig.Write(json, model, Theta);
        json.WriteNumber("hidden_dropout", model.DropoutRate);
        json.WriteNumber("attention_dropout", model.AttentionDropoutRate);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        HeadRows rows = new(model, halves: true);
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"layers.{index}";
            tensors.AddNorm($"{block}.input_layernorm", here.AttentionNorm);
            tensors.AddNorm($"{block}.post_attention_layernorm", here.FeedForwardNorm);
            tensors.AddLinear($"{block}.attention.query_key_value", rows.Grouped, here.Query, here.Key, here.Value);
            tensors.AddLinear($"{block}.attention.dense", here.Output);
            tensors.AddLinear($"{block}.mlp.dense_h_to_4h", here.Expand);
            tensors.AddLinear($"{block}.mlp.dense_4h_to_h", here.Contract);
        }

        tensors.AddNorm("final_layer_norm", GptArchitecture.FinalNorm);
    }

    // The product with the head size is cut to an integer, which a rounded quotient may leave one short.
    private static double ShareOf(int rotated, int headSize)
    {
        double share = (double)rotated / headSize;
        return (int)(headSize * share) == rotated ? share : Math.BitIncrement(share);
    }
}
