using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The tensors of Llama, whose names Mistral has too.</summary>
internal static class LlamaTensors
{
    /// <summary>Lists them.</summary>
    public static void Declare(TensorList tensors, ModelParameters model)
    {
        HeadRows rows = new(model, halves: true);
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"layers.{index}";
            tensors.AddLinear($"{block}.self_attn.q_proj", rows.Query, here.Query);
            tensors.AddLinear($"{block}.self_attn.k_proj", rows.Key, here.Key);
            tensors.AddLinear($"{block}.self_attn.v_proj", here.Value);
            tensors.AddLinear($"{block}.self_attn.o_proj", here.Output);
            tensors.AddLinear($"{block}.mlp.gate_proj", here.Gate);
            tensors.AddLinear($"{block}.mlp.up_proj", here.Expand);
            tensors.AddLinear($"{block}.mlp.down_proj", here.Contract);
            tensors.AddNorm($"{block}.input_layernorm", here.AttentionNorm);
            tensors.AddNorm($"{block}.post_attention_layernorm", here.FeedForwardNorm);
        }

        tensors.AddNorm("norm", GptArchitecture.FinalNorm);
    }
}
