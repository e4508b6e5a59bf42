using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The keys of Llama's config.json, which Mistral has too.</summary>
internal static class LlamaKeys
{
    private const string HiddenSize = "hidden_size";
    private const string Heads = "num_attention_heads";
    private const string Groups = "num_key_value_heads";
    private const string HeadSize = "head_dim";

    /// <summary>Reads the settings but for biases.</summary>
    /// <param name="config">The config.json.</param>
    /// <param name="filter">The default filter size.</param>
    /// <param name="positions">The default of the longest sequence.</param>
    /// <param name="groups">The default groups of keys; null for one of each head, which a null in the file means too.</param>
    public static ModelParameters Read(ConfigReader config, int filter, int positions, int? groups)
    {
        int hidden = config.Size(4096, HiddenSize);
        int heads = config.Size(32, Heads);
        int headSize = config.Size(0, HeadSize) is int given and > 0 ? given : hidden / config.Divisor(32, hidden, HiddenSize, Heads);
        if (headSize * (long)heads > int.MaxValue)
        {
            throw config.Invalid(HeadSize, headSize, $"a number that makes at most {int.MaxValue} features of {heads} heads");
        }

        RotaryConfig.RequireWholeHeads(config, headSize, HeadSize);
        int shared = config.Divisor(config.IsNull(Groups) ? heads : groups ?? heads, heads, Heads, Groups);
        ModelParameters model = new()
        {
            VocabularySize = config.Size(32000, "vocab_size"),
            MaxPositionEmbeddings = config.Size(positions, "max_position_embeddings"),
            HiddenSize = hidden,
            Layers = config.Size(32, "num_hidden_layers"),
            Heads = heads,
            AttentionInnerSize = headSize * heads == hidden ? null : headSize * heads,
            KeyValueGroups = shared == heads ? null : shared,
            FilterSize = config.Size(filter, "intermediate_size"),
            Nonlinearity = ActivationNames.Read(config, "hidden_act", "silu", gated: true),
            GatedFeedForward = true,
            Norm = NormKind.RmsNorm,
            LayerNormEpsilon = config.Number("rms_norm_eps", Interval.Positive, 1e-6),
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: false),
            AttentionDropoutRate = config.Number("attention_dropout", Interval.Fraction, 0),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
        return RotaryConfig.Read(config, model, headSize);
    }

    /// <summary>What both lack of a model, and what one of them lacks besides.</summary>
    public static IEnumerable<string> Lacks(ModelParameters model, Expressible more, IEnumerable<(bool Lacking, string What)> own) =>
        ModelDifferences.Of(
            model,
            Expressible.Rotary | Expressible.RmsNorm | Expressible.Gate | Expressible.Groups | Expressible.InnerSize | more,
            [.. own, ModelDifferences.PartialRotary(model)]);

    /// <summary>Writes the settings but for biases.</summary>
    public static void Write(Utf8JsonWriter json, ModelParameters model)
    {
        json.WriteNumber("max_position_embeddings", model.MaxPositionEmbeddings);
        json.WriteNumber(HiddenSize, model.HiddenSize);
        json.WriteNumber("num_hidden_layers", model.Layers);
        json.WriteNumber(Heads, model.Heads);
        json.WriteNumber(Groups, model.KeyValueHeads);
        json.WriteNumber(HeadSize, model.HeadSize);
        json.WriteNumber("intermediate_size", model.FilterSize);
        ActivationNames.Write(json, "hidden_act", model);
        json.WriteNumber("rms_norm_eps", model.LayerNormEpsilon);
        RotaryConfig.Write(json, model);
        json.WriteNumber("attention_dropout", model.AttentionDropoutRate);
    }
}
