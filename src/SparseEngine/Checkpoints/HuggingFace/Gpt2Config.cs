using System.Collections.Immutable;
using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>A model's <c>config.json</c>, with the keys and defaults of Hugging Face's GPT2Config.</summary>
internal static class Gpt2Config
{
    /// <summary>Its name in a model's folder.</summary>
    public const string FileName = "config.json";

    private const string ModelType = "gpt2";

    // GPT-2's end-of-text token, the last of its vocabulary: the default that a smaller vocabulary must not be left with.
    private const int EndOfText = 50256;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Reads the model that a config.json describes.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or describes a model that has no counterpart here.</exception>
    public static ModelParameters Read(string path)
    {
        using Gpt2ConfigReader config = Gpt2ConfigReader.Open(path);
        try
        {
            return Read(config);
        }
        catch (InvalidOperationException exception)
        {
            throw new CheckpointException($"{path}: has a text that is no Unicode", exception);
        }
    }

    /// <summary>What of a model GPT-2 as Hugging Face builds it lacks; null where it can express it whole.</summary>
    public static string? WhatItLacks(ModelParameters model)
    {
        ImmutableArray<(bool Lacking, string What)> differences =
        [
            (!model.HasPositionTable, "use_position_embedding: false"),
            (model.EmbeddingLayerNorm, "embedding_layer_norm: true"),
            (!model.UseProjectionBiasInAttention, "use_projection_bias_in_attention: false"),
            (!model.UseFfnBiasInAttention, "use_ffn_bias_in_attention: false"),
            (!model.UseFfnBias, "use_ffn_bias: false"),
            (model.UseBiasInOutput, "use_bias_in_output: true"),
        ];
        string lacks = string.Join(", ", differences.Where(difference => difference.Lacking).Select(difference => difference.What));
        return lacks.Length > 0 ? lacks : null;
    }

    /// <summary>The config.json of a model, UTF-8.</summary>
    public static byte[] Write(ModelParameters model)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteString("model_type", ModelType);
            json.WriteStartArray("architectures");
            json.WriteStringValue("GPT2LMHeadModel");
            json.WriteEndArray();
            json.WriteNumber("vocab_size", model.VocabularySize);
            json.WriteNumber("n_positions", model.MaxPositionEmbeddings);
            json.WriteNumber("n_embd", model.HiddenSize);
            json.WriteNumber("n_layer", model.Layers);
            json.WriteNumber("n_head", model.Heads);
            json.WriteNumber("n_inner", model.FilterSize);
            json.WriteString("activation_function", Gpt2Activation.NameOf(model.Nonlinearity));
            json.WriteNumber("layer_norm_epsilon", model.LayerNormEpsilon);
            json.WriteBoolean("tie_word_embeddings", model.ShareEmbeddingWeights);
            json.WriteBoolean("scale_attn_weights", model.ScaledAttention);
            json.WriteNumber("resid_pdrop", model.DropoutRate);
            json.WriteNumber("embd_pdrop", model.EmbeddingDropoutRate);
            json.WriteNumber("attn_pdrop", model.AttentionDropoutRate);
            json.WriteNumber("initializer_range", model.InitializerRange);
            WriteToken(json, "bos_token_id", model.VocabularySize);
            WriteToken(json, "eos_token_id", model.VocabularySize);
            json.WriteString("torch_dtype", "float32");
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static ModelParameters Read(Gpt2ConfigReader config)
    {
        config.Require("model_type", ModelType);
        config.RequireFalse("add_cross_attention");
        config.RequireFalse("scale_attn_by_inverse_layer_idx");
        int hidden = config.Size(768, "n_embd", "hidden_size");
        int heads = config.Size(12, "n_head", "num_attention_heads");
        if (hidden % heads != 0)
        {
            throw config.Invalid("n_head", heads, $"a divisor of n_embd, {hidden}");
        }

        return new ModelParameters
        {
            VocabularySize = config.Size(50257, "vocab_size"),
            MaxPositionEmbeddings = config.Size(1024, "n_positions", "n_ctx", "max_position_embeddings"),
            HiddenSize = hidden,
            Layers = config.Size(12, "n_layer", "num_hidden_layers"),
            Heads = heads,
            FilterSize = config.Size((int)Math.Min(4L * hidden, int.MaxValue), "n_inner"),
            Nonlinearity = ReadActivation(config),
            LayerNormEpsilon = config.Number("layer_norm_epsilon", Interval.Positive, 1e-5),
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: true),
            ScaledAttention = config.Flag("scale_attn_weights", byDefault: true),
            DropoutRate = config.Number("resid_pdrop", Interval.Fraction, 0.1),
            EmbeddingDropoutRate = config.Number("embd_pdrop", Interval.Fraction, 0.1),
            AttentionDropoutRate = config.Number("attn_pdrop", Interval.Fraction, 0.1),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
    }

    private static Activation ReadActivation(Gpt2ConfigReader config)
    {
        const string key = "activation_function";
        string name = config.Word(key, "gelu_new");
        return Gpt2Activation.Find(name) ?? throw config.Invalid(key, $"\"{name}\"", Gpt2Activation.Names);
    }

    private static void WriteToken(Utf8JsonWriter json, string key, int vocabulary)
    {
        if (vocabulary > EndOfText)
        {
            json.WriteNumber(key, EndOfText);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
