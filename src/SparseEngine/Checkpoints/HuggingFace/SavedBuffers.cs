namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>
/// Tensors that are no parameters, which older versions saved with the weights: the causal mask, what is put in its place, and rotary frequencies.
/// </summary>
internal static class SavedBuffers
{
    private static readonly string[] Endings = [".attn.bias", ".attention.bias", ".masked_bias", ".inv_freq"];

    /// <summary>Whether a tensor is one of them.</summary>
    public static bool Contain(string name) => Array.Exists(Endings, ending => name.EndsWith(ending, StringComparison.Ordinal));
}
