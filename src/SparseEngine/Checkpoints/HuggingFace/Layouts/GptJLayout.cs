using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>GPT-J: attention and feed-forward read one normalization; the rotated pairs are neighbours, as here.</summary>
internal sealed class GptJLayout : IHuggingFaceLayout
{
    private const string RotaryDimensions = "rotary_dim";

    /// <inheritdoc/>
    public LayoutNames Names { get; } = new(
        "gptj", "GPT-J", "GPTJForCausalLM", Prefix: "transformer.", WordEmbeddings: "wte.weight", Head: "lm_head",
        FirstToken: 50256, LastToken: 50256);

    /// <inheritdoc/>
    public ModelParameters Read(ConfigReader config)
    {
        ModelParameters model = Gpt2Keys.ReadSizes(config, new(50400, 2048, 4096, 28, 16), "gelu_new", dropout: 0);
        int rotated = config.Size(64, RotaryDimensions);
        if (config.IsNull(RotaryDimensions) || rotated % 2 != 0 || rotated > model.HeadSize)
        {
            object found = config.IsNull(RotaryDimensions) ? "null" : rotated;
            throw config.Invalid(RotaryDimensions, found, $"an even number up to n_embd / n_head, {model.HeadSize}");
        }

        return model with
        {
            PositionEmbedding = PositionEmbedding.Rotary,
            Rotary = new RotaryParameters(rotated),
            ParallelResidual = true,
            UseProjectionBiasInAttention = false,
            UseFfnBiasInAttention = false,
            UseBiasInOutput = true,
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: false),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<string> Lacks(ModelParameters model) => ModelDifferences.Of(
        model,
        Expressible.Rotary | Expressible.Parallel,
        [
            (!model.ParallelResidual, "no parallel residual"),
            (model is { ParallelResidual: true, UntiedLayerNorm: true }, "use_untied_layer_norm: true"),
            (model.Rotary is { Theta: not 10000 }, $"rope_theta: {YamlScalar.Of(model.Rotary?.Theta ?? 0)}"),
            (model.Rotary?.Llama3 is not null, "pos_scaling_type: llama3"),
            (model.PositionScalingFactor != 1, $"pos_scaling_factor: {YamlScalar.Of(model.PositionScalingFactor)}"),
            .. ModelDifferences.Biases(model, attention: false, feedForward: true, output: true),
        ]);

    /// <inheritdoc/>
    public IEnumerable<string> LeavesOut(ModelParameters model) => [];

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ModelParameters model)
    {
        Gpt2Keys.WriteSizes(json, model);
        json.WriteNumber(RotaryDimensions, model.Rotary!.Dimensions);
    }

    /// <inheritdoc/>
    public void Declare(TensorList tensors, ModelParameters model)
    {
        for (int index = 0; index < model.Layers; index++)
        {
            LayerNames here = new(index);
            string block = $"h.{index}";
            tensors.AddNorm($"{block}.ln_1", here.AttentionNorm);
            tensors.AddLinear($"{block}.attn.q_proj", here.Query);
            tensors.AddLinear($"{block}.attn.k_proj", here.Key);
            tensors.AddLinear($"{block}.attn.v_proj", here.Value);
            tensors.AddLinear($"{block}.attn.out_proj", here.Output);
            tensors.AddLinear($"{block}.mlp.fc_in", here.Expand);
            tensors.AddLinear($"{block}.mlp.fc_out", here.Contract);
        }

        tensors.AddNorm("ln_f", GptArchitecture.FinalNorm);
    }
}
