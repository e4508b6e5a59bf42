using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>GPTBigCode, StarCoder's: GPT-2 with linear layers [out, in], and one key and value head for all queries or one for each.</summary>
internal sealed class GptBigCodeLayout : IHuggingFaceLayout
{
    private const string MultiQuery = "multi_query";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "gpt_bigcode", "GPTBigCode", "GPTBigCodeForCausalLM", Prefix: "transformer.", WordEmbeddings: "wte.weight", Head: "lm_head",
        FirstToken: 50256, LastToken: 50256);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        config.RequireFalse("add_cross_attention");
        ModelParameters model = Gpt2Keys.Read(config, "gelu_pytorch_tanh");
        return config.Flag(MultiQuery, byDefault: true) && model.Heads > 1 ? model with { KeyValueGroups = 1 } : model;
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => ModelDifferences.Of(
        model,
        Expressible.Learned | Expressible.DotProduct | Expressible.Groups,
        [
            .. ModelDifferences.Biases(model, attention: true, feedForward: true),
            (model.KeyValueHeads != 1 && model.KeyValueHeads != model.Heads, $"num_kv_groups: {model.KeyValueHeads}"),
        ]);

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => [];

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        Gpt2Keys.Write(json, model);
        json.WriteBoolean(MultiQuery, model.KeyValueHeads == 1);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        HeadRows rows = new(model, halves: false);
        tensors.Add("wpe.weight", GptArchitecture.PositionEmbeddings);
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"h.{index}";
            tensors.AddNorm($"{block}.ln_1", here.AttentionNorm);
            tensors.AddLinear($"{block}.attn.c_attn", rows.Grouped, here.Query, here.Key, here.Value);
            tensors.AddLinear($"{block}.attn.c_proj", here.Output);
            tensors.AddNorm($"{block}.ln_2", here.FeedForwardNorm);
            tensors.AddLinear($"{block}.mlp.c_fc", here.Expand);
            tensors.AddLinear($"{block}.mlp.c_proj", here.Contract);
        }

        tensors.AddNorm("ln_f", GptArchitecture.FinalNorm);
    }
}
