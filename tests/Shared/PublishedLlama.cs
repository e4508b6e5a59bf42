using System.Text.Json;

namespace SparseEngine.Tests.Shared;

/// <summary>A Llama or a Mistral (Touvron et al., 2023; Jiang et al., 2023).</summary>
internal sealed class PublishedLlama : PublishedModel
{
    /// <summary>The keys of SmolLM's config.json.</summary>
    public const string SmolLm = """
        {
          "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 0,
          "hidden_act": "silu", "hidden_size": 24, "initializer_range": 0.02, "intermediate_size": 40, "max_position_embeddings": 64,
          "model_type": "llama", "num_attention_heads": 6, "num_hidden_layers": 2, "num_key_value_heads": 2, "pretraining_tp": 1,
          "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
          "use_cache": true, "vocab_size": 31
        }
        """;

    /// <summary>A head of its own, biases, heads wider than the residual stream, and Llama 3.1's scaling.</summary>
    public const string Llama3 = """
        {
          "model_type": "llama", "attention_bias": true, "mlp_bias": true, "head_dim": 8, "hidden_act": "gelu", "hidden_size": 12,
          "intermediate_size": 20, "max_position_embeddings": 64, "num_attention_heads": 3, "num_hidden_layers": 2, "num_key_value_heads": 3,
          "rms_norm_eps": 1e-06, "rope_theta": 500.0, "tie_word_embeddings": false, "vocab_size": 31,
          "rope_scaling": {
            "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 32, "rope_type": "llama3"
          }
        }
        """;

    /// <summary>Positions divided by a factor.</summary>
    public const string Linear2 = """
        {
          "model_type": "llama", "hidden_act": "silu", "hidden_size": 12, "intermediate_size": 20, "max_position_embeddings": 64,
          "num_attention_heads": 3, "num_hidden_layers": 1, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "tie_word_embeddings": false,
          "vocab_size": 31, "rope_scaling": {"type": "linear", "factor": 2.5}
        }
        """;

    /// <summary>A window shorter than the sequence.</summary>
    public const string Mistral = """
        {
          "model_type": "mistral", "hidden_act": "silu", "hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 64,
          "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-05, "rope_theta": 1000.0,
          "sliding_window": 5, "tie_word_embeddings": false, "vocab_size": 31
        }
        """;

    private readonly int headSize;
    private readonly int groups;

    public PublishedLlama(string config)
        : base(config)
    {
        int hidden = Int("hidden_size");
        headSize = Find("head_dim")?.GetInt32() ?? hidden / Heads;
        groups = Find("num_key_value_heads")?.GetInt32() ?? Heads;
        AddRandom("model.embed_tokens.weight", [Vocabulary, hidden]);
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"model.layers.{layer}";
            AddNorm($"{block}.input_layernorm", hidden, bias: false);
            AddLinear($"{block}.self_attn.q_proj", hidden, Heads * headSize, Flag("attention_bias"));
            AddLinear($"{block}.self_attn.k_proj", hidden, groups * headSize, Flag("attention_bias"));
            AddLinear($"{block}.self_attn.v_proj", hidden, groups * headSize, Flag("attention_bias"));
            AddLinear($"{block}.self_attn.o_proj", Heads * headSize, hidden, Flag("attention_bias"));
            AddNorm($"{block}.post_attention_layernorm", hidden, bias: false);
            AddLinear($"{block}.mlp.gate_proj", hidden, Int("intermediate_size"), Flag("mlp_bias"));
            AddLinear($"{block}.mlp.up_proj", hidden, Int("intermediate_size"), Flag("mlp_bias"));
            AddLinear($"{block}.mlp.down_proj", Int("intermediate_size"), hidden, Flag("mlp_bias"));
        }

        AddNorm("model.norm", hidden, bias: false);
        if (!Flag("tie_word_embeddings"))
        {
            AddRandom("lm_head.weight", [Vocabulary, hidden]);
        }
    }

    private int Heads => Int("num_attention_heads");

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("rms_norm_eps");
        double[] frequencies = Frequencies();
        double[][] x = [.. ids.Select(id => Row("model.embed_tokens.weight", id))];
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"model.layers.{layer}";
            double[][] normed = [.. x.Select(row => RmsNorm($"{block}.input_layernorm", row, epsilon))];
            double[][] queries = [.. normed.Select((row, t) => Turned($"{block}.self_attn.q_proj", row, t))];
            double[][] keys = [.. normed.Select((row, t) => Turned($"{block}.self_attn.k_proj", row, t))];
            double[][] values = [.. normed.Select(row => Linear($"{block}.self_attn.v_proj", row))];
            x = [.. x.Select((row, t) => Reference64.Add(row, Linear($"{block}.self_attn.o_proj", Attend(queries, keys, values, t))))];
            x = [.. x.Select(row => Reference64.Add(row, FeedForward(block, RmsNorm($"{block}.post_attention_layernorm", row, epsilon))))];
        }

        return [.. x.Select(row => Head("lm_head", "model.embed_tokens", RmsNorm("model.norm", row, epsilon)))];

        double[] Turned(string projection, double[] row, int t) => Reference64.RotateHalves(Linear(projection, row), headSize, t, frequencies);
    }

    // A query sees itself and the window's other keys before it.
    private double[] Attend(double[][] queries, double[][] keys, double[][] values, int t)
    {
        int window = Find("sliding_window")?.GetInt32() ?? int.MaxValue;
        return Reference64.Attend(
            queries[t], keys[..(t + 1)], values[..(t + 1)], Heads,
            (product, _, s) => s > t - (long)window ? product / Math.Sqrt(headSize) : double.NegativeInfinity);
    }

    private double[] FeedForward(string block, double[] row)
    {
        Func<double, double> function = Find("hidden_act")!.Value.GetString() == "silu" ? Reference64.Silu : Reference64.Gelu;
        double[] gate = [.. Linear($"{block}.mlp.gate_proj", row).Select(function)];
        return Linear($"{block}.mlp.down_proj", [.. gate.Zip(Linear($"{block}.mlp.up_proj", row), (a, b) => a * b)]);
    }

    private double[] Frequencies()
    {
        double[] frequencies = Reference64.Frequencies(headSize, Number("rope_theta"));
        if (Find("rope_scaling") is not { } scaling)
        {
            return frequencies;
        }

        double factor = scaling.GetProperty("factor").GetDouble();
        return scaling.TryGetProperty("rope_type", out _)
            ? [.. frequencies.Select(frequency => OfLlama3(frequency, factor, scaling))]
            : [.. frequencies.Select(frequency => frequency / factor)];
    }

    private static double OfLlama3(double frequency, double factor, JsonElement scaling)
    {
        double positions = scaling.GetProperty("original_max_position_embeddings").GetDouble();
        double low = scaling.GetProperty("low_freq_factor").GetDouble();
        double high = scaling.GetProperty("high_freq_factor").GetDouble();
        double wave = 2 * Math.PI / frequency;
        double smooth = ((positions / wave) - low) / (high - low);
        return wave > positions / low ? frequency / factor
            : wave < positions / high ? frequency
            : ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }
}
