namespace SparseEngine.Tests.Shared;

/// <summary>A BLOOM (Scao et al., 2022).</summary>
internal sealed class PublishedBloom : PublishedModel
{
    /// <summary>The keys of the published config.json; heads that are no power of two.</summary>
    public const string Six = """
        {
          "apply_residual_connection_post_layernorm": false, "attention_dropout": 0.0, "architectures": ["BloomForCausalLM"], "bos_token_id": 1,
          "eos_token_id": 2, "hidden_dropout": 0.0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "bloom", "n_embed": 24,
          "n_layer": 2, "num_attention_heads": 6, "offset_alibi": 100, "pretraining_tp": 1, "seq_length": 64, "vocab_size": 31
        }
        """;

    public PublishedBloom(string config)
        : base(config)
    {
        int hidden = Int("n_embed");
        AddRandom("transformer.word_embeddings.weight", [Vocabulary, hidden]);
        AddNorm("transformer.word_embeddings_layernorm", hidden);
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            AddNorm($"{block}.input_layernorm", hidden);
            AddLinear($"{block}.self_attention.query_key_value", hidden, 3 * hidden, bias: true);
            AddLinear($"{block}.self_attention.dense", hidden, hidden, bias: true);
            AddNorm($"{block}.post_attention_layernorm", hidden);
            AddLinear($"{block}.mlp.dense_h_to_4h", hidden, 4 * hidden, bias: true);
            AddLinear($"{block}.mlp.dense_4h_to_h", 4 * hidden, hidden, bias: true);
        }

        AddNorm("transformer.ln_f", hidden);
    }

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("layer_norm_epsilon");
        double[][] x = [.. ids.Select(id => Row("transformer.word_embeddings.weight", id))];
        x = [.. x.Select(row => LayerNorm("transformer.word_embeddings_layernorm", row, epsilon))];
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            double[][] attended = Attention($"{block}.self_attention", [.. x.Select(row => LayerNorm($"{block}.input_layernorm", row, epsilon))]);
            x = [.. x.Zip(attended, Reference64.Add)];
            x = [.. x.Select(row => Reference64.Add(row, FeedForward(block, LayerNorm($"{block}.post_attention_layernorm", row, epsilon))))];
        }

        return [.. x.Select(row => Head("lm_head", "transformer.word_embeddings", LayerNorm("transformer.ln_f", row, epsilon)))];
    }

    // To the scores is added slope x position of the key: the same, but for what softmax takes off, as minus slope x distance.
    private double[][] Attention(string name, double[][] x)
    {
        int heads = Int("num_attention_heads");
        int size = Int("n_embed") / heads;
        double[][] fused = [.. x.Select(row => Linear($"{name}.query_key_value", row))];
        double[][] keys = [.. fused.Select(row => Third(row, 1))];
        double[][] values = [.. fused.Select(row => Third(row, 2))];
        return [.. fused.Select((row, t) => Linear(
            $"{name}.dense",
            Reference64.Attend(
                Third(row, 0), keys[..(t + 1)], values[..(t + 1)], heads,
                (product, head, s) => (product / Math.Sqrt(size)) + (Reference64.Slope(head, heads) * s))))];

        double[] Third(double[] row, int third) =>
            [.. Enumerable.Range(0, heads).SelectMany(head => Reference64.Part(row, (3 * head) + third, size))];
    }

    private double[] FeedForward(string block, double[] row) =>
        Linear($"{block}.mlp.dense_4h_to_h", [.. Linear($"{block}.mlp.dense_h_to_4h", row).Select(Reference64.GeluNew)]);
}
