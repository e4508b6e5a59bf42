using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>Falcon: one fused projection, group after group of queries with their key and value; rotary or ALiBi.</summary>
internal sealed class FalconLayout : IHuggingFaceLayout
{
    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "falcon", "Falcon", "FalconForCausalLM", Prefix: "transformer.", WordEmbeddings: "word_embeddings.weight", Head: "lm_head",
        FirstToken: 11, LastToken: 11);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config) => FalconKeys.Read(config);

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => FalconKeys.Lacks(model);

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => ModelDifferences.Dropout(model, model.DropoutRate, embedding: 0);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model) => FalconKeys.Write(json, model);

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        HeadRows rows = new(model, halves: true);
        bool hasTwo = model is { ParallelResidual: true, UntiedLayerNorm: true };
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"h.{index}";
            tensors.AddNorm($"{block}.{(hasTwo ? "ln_attn" : "input_layernorm")}", here.AttentionNorm);
            tensors.AddLinear($"{block}.self_attention.query_key_value", rows.Grouped, here.Query, here.Key, here.Value);
            tensors.AddLinear($"{block}.self_attention.dense", here.Output);
            if (hasTwo || !model.ParallelResidual)
            {
                tensors.AddNorm($"{block}.{(hasTwo ? "ln_mlp" : "post_attention_layernorm")}", here.FeedForwardNorm);
            }

            tensors.AddLinear($"{block}.mlp.dense_h_to_4h", here.Expand);
            tensors.AddLinear($"{block}.mlp.dense_4h_to_h", here.Contract);
        }

        tensors.AddNorm("ln_f", GptArchitecture.FinalNorm);
    }
}
