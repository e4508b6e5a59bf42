using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>What the parts of a decoder layer are called here.</summary>
/// <param name="index">The layer, 0 for the first.</param>
internal readonly struct LayerNames(int index)
{
    private readonly string layer = GptArchitecture.Layer(index);

    /// <summary>The normalization before attention.</summary>
    public string AttentionNorm => $"{layer}.norm1";

    /// <summary>The normalization before the feed-forward.</summary>
    public string FeedForwardNorm => $"{layer}.norm3";

    /// <summary>The query projection.</summary>
    public string Query => $"{layer}.self_attn.proj_q_dense_layer";

    /// <summary>The key projection.</summary>
    public string Key => $"{layer}.self_attn.proj_k_dense_layer";

    /// <summary>The value projection.</summary>
    public string Value => $"{layer}.self_attn.proj_v_dense_layer";

    /// <summary>The attention's output projection.</summary>
    public string Output => $"{layer}.self_attn.proj_output_dense_layer";

    /// <summary>The feed-forward's first layer; with a gate, what the gate is multiplied with.</summary>
    public string Expand => $"{layer}.ffn.ffn.0.linear_layer";

    /// <summary>The feed-forward's gate, before its non-linearity.</summary>
    public string Gate => $"{layer}.ffn.ffn.0.linear_layer_for_glu";

    /// <summary>The feed-forward's last layer.</summary>
    public string Contract => $"{layer}.ffn.ffn.1.linear_layer";
}
