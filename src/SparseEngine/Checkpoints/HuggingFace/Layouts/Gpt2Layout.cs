using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>GPT-2: learned positions, Conv1D layers, of which c_attn gives queries, keys and values side by side.</summary>
internal sealed class Gpt2Layout : IHuggingFaceLayout
{
    private const string LayerScale = "scale_attn_by_inverse_layer_idx";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "gpt2", "GPT-2", "GPT2LMHeadModel", Prefix: "transformer.", WordEmbeddings: "wte.weight", Head: "lm_head",
        FirstToken: 50256, LastToken: 50256);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        config.RequireFalse("add_cross_attention");
        return Gpt2Keys.Read(config, "gelu_new") with { ScaleAttentionByLayer = config.Flag(LayerScale, byDefault: false) };
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => ModelDifferences.Of(
        model,
        Expressible.Learned | Expressible.DotProduct | Expressible.LayerScale,
        ModelDifferences.Biases(model, attention: true, feedForward: true));

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => [];

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        Gpt2Keys.Write(json, model);
        json.WriteBoolean(LayerScale, model.ScaleAttentionByLayer);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        tensors.Add("wpe.weight", GptArchitecture.PositionEmbeddings);
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"h.{index}";
            tensors.AddNorm($"{block}.ln_1", here.AttentionNorm);
            tensors.AddConv1D($"{block}.attn.c_attn", here.Query, here.Key, here.Value);
            tensors.AddConv1D($"{block}.attn.c_proj", here.Output);
            tensors.AddNorm($"{block}.ln_2", here.FeedForwardNorm);
            tensors.AddConv1D($"{block}.mlp.c_fc", here.Expand);
            tensors.AddConv1D($"{block}.mlp.c_proj", here.Contract);
        }

        tensors.AddNorm("ln_f", GptArchitecture.FinalNorm);
    }
}
