using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>Mistral: Llama without biases and with a sliding window, which counts the query's own key as here.</summary>
internal sealed class MistralLayout : IHuggingFaceLayout
{
    private const string Window = "sliding_window";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "mistral", "Mistral", "MistralForCausalLM", Prefix: "model.", WordEmbeddings: "embed_tokens.weight", Head: "lm_head",
        FirstToken: 1, LastToken: 2);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config) => LlamaKeys.Read(config, filter: 14336, positions: 131072, groups: 8) with
    {
        SlidingWindow = config.IsNull(Window) ? null : config.Size(4096, Window),
        UseProjectionBiasInAttention = false,
        UseFfnBiasInAttention = false,
        UseFfnBias = false,
    };

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) =>
        LlamaKeys.Lacks(model, Expressible.Window, ModelDifferences.Biases(model, attention: false, feedForward: false));

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => ModelDifferences.Dropout(model, residual: 0, embedding: 0);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        LlamaKeys.Write(json, model);
        if (model.SlidingWindow is { } window)
        {
            json.WriteNumber(Window, window);
        }
        else
        {
            json.WriteNull(Window);
        }
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model) => LlamaTensors.Declare(tensors, model);
}
