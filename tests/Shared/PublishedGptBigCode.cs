namespace SparseEngine.Tests.Shared;

/// <summary>A GPTBigCode (Allal et al., 2023).</summary>
internal sealed class PublishedGptBigCode : PublishedModel
{
    /// <summary>The keys of StarCoder's config.json.</summary>
    public const string StarCoder = """
        {
          "activation_function": "gelu", "architectures": ["GPTBigCodeForCausalLM"], "attention_softmax_in_fp32": true, "multi_query": true,
          "attn_pdrop": 0.1, "bos_token_id": 0, "embd_pdrop": 0.1, "eos_token_id": 0, "inference_runner": 0, "initializer_range": 0.02,
          "layer_norm_epsilon": 1e-05, "model_type": "gpt_bigcode", "n_embd": 24, "n_head": 3, "n_inner": 40, "n_layer": 2, "n_positions": 64,
          "resid_pdrop": 0.1, "scale_attention_softmax_in_fp32": true, "scale_attn_weights": true, "vocab_size": 31
        }
        """;

    /// <summary>A key and a value head for each query head.</summary>
    public const string MultiHead = """
        {
          "model_type": "gpt_bigcode", "activation_function": "gelu_pytorch_tanh", "multi_query": false, "layer_norm_epsilon": 1e-05,
          "n_embd": 12, "n_head": 3, "n_inner": 20, "n_layer": 1, "n_positions": 64, "vocab_size": 31
        }
        """;

    public PublishedGptBigCode(string config)
        : base(config)
    {
        int hidden = Int("n_embd");
        AddRandom("transformer.wte.weight", [Vocabulary, hidden]);
        AddRandom("transformer.wpe.weight", [Int("n_positions"), hidden]);
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            AddNorm($"{block}.ln_1", hidden);
            AddLinear($"{block}.attn.c_attn", hidden, Flag("multi_query") ? hidden + (2 * HeadSize) : 3 * hidden, bias: true);
            AddLinear($"{block}.attn.c_proj", hidden, hidden, bias: true);
            AddNorm($"{block}.ln_2", hidden);
            AddLinear($"{block}.mlp.c_fc", hidden, Int("n_inner"), bias: true);
            AddLinear($"{block}.mlp.c_proj", Int("n_inner"), hidden, bias: true);
        }

        AddNorm("transformer.ln_f", hidden);
    }

    private int HeadSize => Int("n_embd") / Int("n_head");

    protected override double[][] Logits(int[] ids)
    {
        double epsilon = Number("layer_norm_epsilon");
        double[][] x = [.. ids.Select((id, t) => Reference64.Add(Row("transformer.wte.weight", id), Row("transformer.wpe.weight", t)))];
        for (int layer = 0; layer < Int("n_layer"); layer++)
        {
            string block = $"transformer.h.{layer}";
            double[][] attended = Attention($"{block}.attn", [.. x.Select(row => LayerNorm($"{block}.ln_1", row, epsilon))]);
            x = [.. x.Zip(attended, Reference64.Add)];
            x = [.. x.Select(row => Reference64.Add(row, FeedForward(block, LayerNorm($"{block}.ln_2", row, epsilon))))];
        }

        return [.. x.Select(row => Head("lm_head", "transformer.wte", LayerNorm("transformer.ln_f", row, epsilon)))];
    }

    // With one key and value head, c_attn gives all queries, the key, the value; else head by head its query, key and value.
    private double[][] Attention(string name, double[][] x)
    {
        int heads = Int("n_head");
        int size = HeadSize;
        bool shared = Flag("multi_query");
        double[][] fused = [.. x.Select(row => Linear($"{name}.c_attn", row))];
        double[][] queries = [.. fused.Select(row => shared ? row[..(heads * size)] : Third(row, 0))];
        double[][] keys = [.. fused.Select(row => shared ? Reference64.Part(row, heads, size) : Third(row, 1))];
        double[][] values = [.. fused.Select(row => shared ? Reference64.Part(row, heads + 1, size) : Third(row, 2))];
        return [.. queries.Select((query, t) => Linear(
            $"{name}.c_proj",
            Reference64.Attend(query, keys[..(t + 1)], values[..(t + 1)], heads, (product, _, _) => product / Math.Sqrt(size))))];

        double[] Third(double[] row, int third) =>
            [.. Enumerable.Range(0, heads).SelectMany(head => Reference64.Part(row, (3 * head) + third, size))];
    }

    private double[] FeedForward(string block, double[] row)
    {
        Func<double, double> function = Find("activation_function")!.Value.GetString() == "gelu" ? Reference64.Gelu : Reference64.GeluNew;
        return Linear($"{block}.mlp.c_proj", [.. Linear($"{block}.mlp.c_fc", row).Select(function)]);
    }
}
