namespace SparseEngine.Tests.Shared;

/// <summary>A GPT-J (Wang and Komatsuzaki, 2021).</summary>
internal sealed class PublishedGptJ : PublishedModel
{
    /// <summary>The keys of the published config.json.</summary>
    public const string SixB = """
        {
          "activation_function": "gelu_new", "architectures": ["GPTJForCausalLM"], "attn_pdrop": 0.0, "bos_token_id": 50256, "embd_pdrop": 0.0,
          "eos_token_id": 50256, "gradient_checkpointing": false, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gptj",
          "n_embd": 24, "n_head": 3, "n_inner": null, "n_layer": 2, "n_positions": 64, "resid_pdrop": 0.0, "rotary": true, "rotary_dim": 6,
          "scale_attn_weights": true, "tie_word_embeddings": false, "use_cache": true, "vocab_size": 31
        }
        """;

    public PublishedGptJ(string config)
        : base(config)
    {
        int hidden = Int("n_embd");
        AddRandom("transformer.wte.weight", [Vocabulary, hidden]);
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            AddNorm($"{block}.ln_1", hidden);
            foreach (string projection in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
            {
                AddLinear($"{block}.attn.{projection}", hidden, hidden, bias: false);
            }

            AddLinear($"{block}.mlp.fc_in", hidden, 4 * hidden, bias: true);
            AddLinear($"{block}.mlp.fc_out", 4 * hidden, hidden, bias: true);
        }

        AddNorm("transformer.ln_f", hidden);
        AddLinear("lm_head", hidden, Vocabulary, bias: true);
    }

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("layer_norm_epsilon");
        double[][] x = [.. ids.Select(id => Row("transformer.wte.weight", id))];
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            double[][] normed = [.. x.Select(row => LayerNorm($"{block}.ln_1", row, epsilon))];
            double[][] attended = Attention($"{block}.attn", normed);
            x = [.. x.Select((row, t) => Reference64.Add(
                Reference64.Add(row, attended[t]),
                Linear($"{block}.mlp.fc_out", [.. Linear($"{block}.mlp.fc_in", normed[t]).Select(Reference64.GeluNew)])))];
        }

        return [.. x.Select(row => Linear("lm_head", LayerNorm("transformer.ln_f", row, epsilon)))];
    }

    private double[][] Attention(string name, double[][] x)
    {
        int heads = Int("n_head");
        int size = Int("n_embd") / heads;
        double[] frequencies = Reference64.Frequencies(Int("rotary_dim"), 10000);
        double[][] queries = [.. x.Select((row, t) => Reference64.RotateNeighbours(Linear($"{name}.q_proj", row), size, t, frequencies))];
        double[][] keys = [.. x.Select((row, t) => Reference64.RotateNeighbours(Linear($"{name}.k_proj", row), size, t, frequencies))];
        double[][] values = [.. x.Select(row => Linear($"{name}.v_proj", row))];
        return [.. queries.Select((query, t) => Linear(
            $"{name}.out_proj",
            Reference64.Attend(query, keys[..(t + 1)], values[..(t + 1)], heads, (product, _, _) => product / Math.Sqrt(size))))];
    }
}
