namespace SparseEngine.Tests.Shared;

/// <summary>A GPT-2 of tiny size in the layout of the published <c>gpt2</c>: its config.json, and its tensors in the order of their names.</summary>
internal sealed class PublishedGpt2
{
    public const int Vocabulary = 31;

    public const int Positions = 16;

    public const int Hidden = 12;

    public const int Heads = 3;

    public const int Layers = 2;

    public const int Inner = 4 * Hidden;

    /// <summary>The keys of the published file.</summary>
    public const string Config = """
        {
          "activation_function": "gelu_new",
          "architectures": [
            "GPT2LMHeadModel"
          ],
          "attn_pdrop": 0.1,
          "bos_token_id": 50256,
          "embd_pdrop": 0.1,
          "eos_token_id": 50256,
          "initializer_range": 0.02,
          "layer_norm_epsilon": 1e-05,
          "model_type": "gpt2",
          "n_ctx": 16,
          "n_embd": 12,
          "n_head": 3,
          "n_layer": 2,
          "n_positions": 16,
          "resid_pdrop": 0.1,
          "summary_activation": null,
          "summary_first_dropout": 0.1,
          "summary_proj_to_labels": true,
          "summary_type": "cls_index",
          "summary_use_proj": true,
          "task_specific_params": {
            "text-generation": {
              "do_sample": true,
              "max_length": 50
            }
          },
          "vocab_size": 31
        }
        """;

    private readonly SortedDictionary<string, (int[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);

    /// <summary>Random weights, large enough that all of them matter.</summary>
    public PublishedGpt2(bool tied = true)
    {
        AddRandom("wte.weight", [Vocabulary, Hidden]);
        AddRandom("wpe.weight", [Positions, Hidden]);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"h.{layer}";
            AddNorm($"{block}.ln_1");
            Add($"{block}.attn.bias", [1, 1, Positions, Positions], i => i % Positions <= i / Positions ? 1 : 0);
            AddConv1D($"{block}.attn.c_attn", Hidden, 3 * Hidden);
            AddConv1D($"{block}.attn.c_proj", Hidden, Hidden);
            AddNorm($"{block}.ln_2");
            AddConv1D($"{block}.mlp.c_fc", Hidden, Inner);
            AddConv1D($"{block}.mlp.c_proj", Inner, Hidden);
        }

        AddNorm("ln_f");
        if (!tied)
        {
            AddRandom("lm_head.weight", [Vocabulary, Hidden]);
        }
    }

    /// <summary>The elements of each tensor, row-major.</summary>
    public IReadOnlyDictionary<string, float[]> Values => tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Values);

    /// <summary>The names of the tensors that are parameters.</summary>
    public IEnumerable<string> Parameters => tensors.Keys.Where(name => !name.EndsWith(".attn.bias", StringComparison.Ordinal));

    /// <summary>The tensors as a file has them.</summary>
    /// <param name="prefix">What GPT2LMHeadModel puts before the names of GPT2Model.</param>
    public IEnumerable<StoredTensor> Stored(string prefix = "") => tensors.Select(
        tensor => StoredTensor.Single((tensor.Key == "lm_head.weight" ? "" : prefix) + tensor.Key, tensor.Value.Shape, tensor.Value.Values));

    /// <summary>Adds a tensor, or replaces one.</summary>
    public void Add(string name, int[] shape, Func<int, float> value) =>
        tensors[name] = (shape, [.. Enumerable.Range(0, shape.Aggregate(1, (product, dimension) => product * dimension)).Select(value)]);

    /// <summary>Writes config.json and model.safetensors.</summary>
    public void Save(string folder, string config = Config, string prefix = "")
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), StoredTensor.File(Stored(prefix)));
    }

    private void AddConv1D(string name, int inputs, int outputs)
    {
        AddRandom($"{name}.weight", [inputs, outputs]);
        AddRandom($"{name}.bias", [outputs]);
    }

    private void AddNorm(string name)
    {
        AddRandom($"{name}.weight", [Hidden], center: 1);
        AddRandom($"{name}.bias", [Hidden]);
    }

    private void AddRandom(string name, int[] shape, float center = 0)
    {
        Random random = new(100 + tensors.Count);
        Add(name, shape, _ => center + (float)((random.NextDouble() - 0.5) * 0.8));
    }
}
