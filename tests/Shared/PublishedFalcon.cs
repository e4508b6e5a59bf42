namespace SparseEngine.Tests.Shared;

/// <summary>A Falcon (Almazrouei et al., 2023).</summary>
internal sealed class PublishedFalcon : PublishedModel
{
    /// <summary>The keys of Falcon-7B's config.json: one key head, one normalization, a parallel residual.</summary>
    public const string SevenB = """
        {
          "alibi": false, "apply_residual_connection_post_layernorm": false, "architectures": ["FalconForCausalLM"], "attention_dropout": 0.0,
          "bias": false, "bos_token_id": 11, "eos_token_id": 11, "hidden_dropout": 0.0, "hidden_size": 24, "initializer_range": 0.02,
          "layer_norm_epsilon": 1e-05, "model_type": "falcon", "multi_query": true, "new_decoder_architecture": false, "num_attention_heads": 3,
          "num_hidden_layers": 2, "parallel_attn": true, "vocab_size": 31
        }
        """;

    /// <summary>The keys of Falcon-40B's: groups of heads, two normalizations.</summary>
    public const string FortyB = """
        {
          "alibi": false, "bias": false, "hidden_size": 24, "layer_norm_epsilon": 1e-05, "model_type": "falcon", "new_decoder_architecture": true,
          "num_attention_heads": 6, "num_hidden_layers": 2, "num_kv_heads": 2, "parallel_attn": true, "vocab_size": 31
        }
        """;

    /// <summary>The keys of Falcon-11B's: groups of heads, one normalization; a head of its own.</summary>
    public const string ElevenB = """
        {
          "alibi": false, "bias": false, "ffn_hidden_size": 40, "hidden_size": 16, "layer_norm_epsilon": 1e-05, "model_type": "falcon",
          "new_decoder_architecture": true, "num_attention_heads": 4, "num_hidden_layers": 1, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1,
          "rope_theta": 500042.0, "tie_word_embeddings": false, "vocab_size": 31
        }
        """;

    /// <summary>The keys of Falcon-RW-1B's: ALiBi, biases, feed-forward after attention.</summary>
    public const string RefinedWeb = """
        {
          "alibi": true, "bias": true, "hidden_size": 24, "layer_norm_epsilon": 1e-05, "model_type": "falcon", "multi_query": false,
          "new_decoder_architecture": false, "num_attention_heads": 3, "num_hidden_layers": 2, "parallel_attn": false, "vocab_size": 31
        }
        """;

    private readonly int heads;
    private readonly int groups;
    private readonly int size;
    private readonly bool hasTwoNorms;
    private readonly bool isParallel;

    public PublishedFalcon(string config)
        : base(config)
    {
        int hidden = Int("hidden_size");
        bool isNewer = Flag("new_decoder_architecture");
        int filter = Find("ffn_hidden_size")?.GetInt32() ?? 4 * hidden;
        heads = Int("num_attention_heads");
        groups = isNewer ? Int("num_kv_heads") : Flag("multi_query") ? 1 : heads;
        size = hidden / heads;
        isParallel = isNewer || Flag("parallel_attn");
        hasTwoNorms = isNewer && Find("num_ln_in_parallel_attn") is null;
        AddRandom("transformer.word_embeddings.weight", [Vocabulary, hidden]);
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"transformer.h.{layer}";
            AddNorm($"{block}.{(hasTwoNorms ? "ln_attn" : "input_layernorm")}", hidden);
            if (hasTwoNorms || !isParallel)
            {
                AddNorm($"{block}.{(hasTwoNorms ? "ln_mlp" : "post_attention_layernorm")}", hidden);
            }

            AddLinear($"{block}.self_attention.query_key_value", hidden, (heads + (2 * groups)) * size, Flag("bias"));
            AddLinear($"{block}.self_attention.dense", hidden, hidden, Flag("bias"));
            AddLinear($"{block}.mlp.dense_h_to_4h", hidden, filter, Flag("bias"));
            AddLinear($"{block}.mlp.dense_4h_to_h", filter, hidden, Flag("bias"));
        }

        AddNorm("transformer.ln_f", hidden);
        if (Find("tie_word_embeddings") is { } tied && !tied.GetBoolean())
        {
            AddRandom("lm_head.weight", [Vocabulary, hidden]);
        }
    }

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("layer_norm_epsilon");
        double[][] x = [.. ids.Select(id => Row("transformer.word_embeddings.weight", id))];
        for (int layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            string block = $"transformer.h.{layer}";
            double[][] normed = [.. x.Select(row => LayerNorm($"{block}.{(hasTwoNorms ? "ln_attn" : "input_layernorm")}", row, epsilon))];
            double[][] attended = Attention($"{block}.self_attention", normed);
            double[][] middle = [.. x.Zip(attended, Reference64.Add)];
            double[][] read = hasTwoNorms ? [.. x.Select(row => LayerNorm($"{block}.ln_mlp", row, epsilon))]
                : isParallel ? normed
                : [.. middle.Select(row => LayerNorm($"{block}.post_attention_layernorm", row, epsilon))];
            x = [.. middle.Zip(read, (row, input) => Reference64.Add(row, FeedForward(block, input)))];
        }

        return [.. x.Select(row => Head("lm_head", "transformer.word_embeddings", LayerNorm("transformer.ln_f", row, epsilon)))];
    }

    // Group after group: its queries, its key, its value. ALiBi is added to the scores before the root of the head size divides both.
    private double[][] Attention(string name, double[][] x)
    {
        bool hasAlibi = Flag("alibi");
        double[] frequencies = hasAlibi ? [] : Reference64.Frequencies(size, Find("rope_theta")?.GetDouble() ?? 10000);
        double[][] fused = [.. x.Select(row => Linear($"{name}.query_key_value", row))];
        double[][] queries = [.. fused.Select((row, t) => Reference64.RotateHalves(Heads(row, 0, heads / groups), size, t, frequencies))];
        double[][] keys = [.. fused.Select((row, t) => Reference64.RotateHalves(Heads(row, heads / groups, 1), size, t, frequencies))];
        double[][] values = [.. fused.Select(row => Heads(row, (heads / groups) + 1, 1))];
        return [.. queries.Select((query, t) => Linear(
            $"{name}.dense",
            Reference64.Attend(
                query, keys[..(t + 1)], values[..(t + 1)], heads,
                (product, head, s) => (product + (hasAlibi ? Reference64.Slope(head, heads) * s : 0)) / Math.Sqrt(size))))];
    }

    private double[] Heads(double[] fused, int first, int count) =>
        [.. Enumerable.Range(0, groups).SelectMany(group => fused.AsSpan(((group * ((heads / groups) + 2)) + first) * size, count * size).ToArray())];

    private double[] FeedForward(string block, double[] row) =>
        Linear($"{block}.mlp.dense_4h_to_h", [.. Linear($"{block}.mlp.dense_h_to_4h", row).Select(Reference64.Gelu)]);
}
