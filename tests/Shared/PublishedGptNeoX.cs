namespace SparseEngine.Tests.Shared;

/// <summary>A GPT-NeoX (Black et al., 2022).</summary>
internal sealed class PublishedGptNeoX : PublishedModel
{
    /// <summary>The keys of Pythia's config.json.</summary>
    public const string Pythia = """
        {
          "architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0, "hidden_act": "gelu", "hidden_size": 24,
          "initializer_range": 0.02, "intermediate_size": 40, "layer_norm_eps": 1e-05, "max_position_embeddings": 64, "model_type": "gpt_neox",
          "num_attention_heads": 3, "num_hidden_layers": 2, "rotary_emb_base": 10000, "rotary_pct": 0.5, "tie_word_embeddings": false,
          "torch_dtype": "float16", "use_cache": true, "use_parallel_residual": true, "vocab_size": 31
        }
        """;

    /// <summary>Attention before the feed-forward, without biases in it, with a tied head.</summary>
    public const string Sequential = """
        {
          "model_type": "gpt_neox", "attention_bias": false, "hidden_act": "gelu_new", "hidden_size": 16, "intermediate_size": 24,
          "layer_norm_eps": 1e-05, "max_position_embeddings": 64, "num_attention_heads": 2, "num_hidden_layers": 2, "rotary_emb_base": 500,
          "rotary_pct": 1.0, "tie_word_embeddings": true, "use_parallel_residual": false, "vocab_size": 31
        }
        """;

    public PublishedGptNeoX(string config)
        : base(config)
    {
        int hidden = Int("hidden_size");
        bool bias = !(Find("attention_bias") is { } given && !given.GetBoolean());
        AddRandom("gpt_neox.embed_in.weight", [Vocabulary, hidden]);
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"gpt_neox.layers.{layer}";
            AddNorm($"{block}.input_layernorm", hidden);
            AddNorm($"{block}.post_attention_layernorm", hidden);
            AddLinear($"{block}.attention.query_key_value", hidden, 3 * hidden, bias);
            AddLinear($"{block}.attention.dense", hidden, hidden, bias);
            AddLinear($"{block}.mlp.dense_h_to_4h", hidden, Int("intermediate_size"), bias: true);
            AddLinear($"{block}.mlp.dense_4h_to_h", Int("intermediate_size"), hidden, bias: true);
        }

        AddNorm("gpt_neox.final_layer_norm", hidden);
        if (!Flag("tie_word_embeddings"))
        {
            AddRandom("embed_out.weight", [Vocabulary, hidden]);
        }
    }

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("layer_norm_eps");
        double[][] x = [.. ids.Select(id => Row("gpt_neox.embed_in.weight", id))];
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"gpt_neox.layers.{layer}";
            double[][] attended = Attention($"{block}.attention", [.. x.Select(row => LayerNorm($"{block}.input_layernorm", row, epsilon))]);
            double[][] middle = [.. x.Zip(attended, Reference64.Add)];
            double[][] read = Flag("use_parallel_residual") ? x : middle;
            double[][] fed = [.. read.Select(row => FeedForward(block, LayerNorm($"{block}.post_attention_layernorm", row, epsilon)))];
            x = [.. middle.Zip(fed, Reference64.Add)];
        }

        return [.. x.Select(row => Head("embed_out", "gpt_neox.embed_in", LayerNorm("gpt_neox.final_layer_norm", row, epsilon)))];
    }

    // query_key_value is [heads, 3, head size]: a head's query, key and value lie together.
    private double[][] Attention(string name, double[][] x)
    {
        int heads = Int("num_attention_heads");
        int size = Int("hidden_size") / heads;
        double[] frequencies = Reference64.Frequencies((int)(size * Number("rotary_pct")), Number("rotary_emb_base"));
        double[][] fused = [.. x.Select(row => Linear($"{name}.query_key_value", row))];
        double[][] queries = [.. fused.Select((row, t) => Reference64.RotateHalves(Third(row, 0), size, t, frequencies))];
        double[][] keys = [.. fused.Select((row, t) => Reference64.RotateHalves(Third(row, 1), size, t, frequencies))];
        double[][] values = [.. fused.Select(row => Third(row, 2))];
        return [.. queries.Select((query, t) => Linear(
            $"{name}.dense",
            Reference64.Attend(query, keys[..(t + 1)], values[..(t + 1)], heads, (product, _, _) => product / Math.Sqrt(size))))];

        double[] Third(double[] row, int third) =>
            [.. Enumerable.Range(0, heads).SelectMany(head => Reference64.Part(row, (3 * head) + third, size))];
    }

    private double[] FeedForward(string block, double[] row)
    {
        Func<double, double> function = Find("hidden_act")!.Value.GetString() == "gelu" ? Reference64.Gelu : Reference64.GeluNew;
        return Linear($"{block}.mlp.dense_4h_to_h", [.. Linear($"{block}.mlp.dense_h_to_4h", row).Select(function)]);
    }
}
