namespace SparseEngine.Checkpoints;

/// <summary>The order of a GPT's parameters in the Model Zoo, PyTorch's <c>named_parameters()</c>, told from their names alone.</summary>
/// <remarks>An HDF5 file lists its datasets by name; the numbers of an optimizer's states, and seeds of masks, count in this order.</remarks>
internal static class ParameterOrder
{
    private const string Layers = "model.transformer_decoder.layers.";

    // Modules in the order of their construction; a weight comes before a bias.
    private static readonly string[] Outside =
    [
        "model.embedding_layer.word_embeddings", "model.embedding_layer.position_embeddings", "model.embedding_layer.position_embedding_helper",
        "model.embedding_ln_f", "model.ln_f", Layers, "model.lm_head",
    ];

    private static readonly string[] InLayer =
    [
        "self_attn.proj_q_dense_layer", "self_attn.proj_k_dense_layer", "self_attn.proj_v_dense_layer", "self_attn.q_norm", "self_attn.k_norm",
        "self_attn.proj_output_dense_layer", "norm1", "norm3",
        "ffn.ffn.0.linear_layer", "ffn.ffn.0.linear_layer_for_glu", "ffn.ffn.1.linear_layer",
    ];

    /// <summary>Whether a parameter's place is known.</summary>
    public static bool Knows(string name) => Find(name) is not null;

    /// <summary>The parameters in order; those of unknown place come last, as they stand.</summary>
    public static IReadOnlyList<string> Sort(IEnumerable<string> names) =>
        [.. names.OrderBy(name => Find(name) ?? (int.MaxValue, 0, 0, 0))];

    private static (int Outside, int Layer, int Inside, int Part)? Find(string name)
    {
        int dot = name.LastIndexOf('.');
        int part = dot < 0 ? -1 : Array.IndexOf(["weight", "bias"], name[(dot + 1)..]);
        if (part < 0)
        {
            return null;
        }

        string module = name[..dot];
        if (!module.StartsWith(Layers, StringComparison.Ordinal))
        {
            int outside = Array.IndexOf(Outside, module);
            return outside < 0 ? null : (outside, 0, 0, part);
        }

        string inside = module[Layers.Length..];
        int end = inside.IndexOf('.', StringComparison.Ordinal);
        int place = end < 0 ? -1 : Array.IndexOf(InLayer, inside[(end + 1)..]);
        return place >= 0 && int.TryParse(inside.AsSpan(0, end), out int layer) && layer >= 0
            ? (Array.IndexOf(Outside, Layers), layer, place, part)
            : null;
    }
}
