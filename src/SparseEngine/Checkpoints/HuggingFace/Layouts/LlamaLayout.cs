using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>Llama, and SmolLM and TinyLlama with it: root-mean-square normalizations, gated feed-forward, grouped keys, rotated halves.</summary>
internal sealed class LlamaLayout : IHuggingFaceLayout
{
    private const string AttentionBias = "attention_bias";
    private const string FeedForwardBias = "mlp_bias";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "llama", "Llama", "LlamaForCausalLM", Prefix: "model.", WordEmbeddings: "embed_tokens.weight", Head: "lm_head",
        FirstToken: 1, LastToken: 2);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        bool attentionBias = config.Flag(AttentionBias, byDefault: false);
        return LlamaKeys.Read(config, filter: 11008, positions: 2048, groups: null) with
        {
            UseProjectionBiasInAttention = attentionBias,
            UseFfnBiasInAttention = attentionBias,
            UseFfnBias = config.Flag(FeedForwardBias, byDefault: false),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) =>
        LlamaKeys.Lacks(model, Expressible.Nothing, ModelDifferences.Biases(model, attention: null, feedForward: null));

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => ModelDifferences.Dropout(model, residual: 0, embedding: 0);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        LlamaKeys.Write(json, model);
        json.WriteBoolean(AttentionBias, model.UseProjectionBiasInAttention);
        json.WriteBoolean(FeedForwardBias, model.UseFfnBias);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model) => LlamaTensors.Declare(tensors, model);
}
