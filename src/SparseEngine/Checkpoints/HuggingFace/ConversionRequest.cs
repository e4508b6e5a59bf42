using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>What to convert.</summary>
/// <param name="Input">
/// A Hugging Face model (its folder, or a file of it beside its config.json), a checkpoint of nanoGPT, or one of this program.
/// </param>
/// <param name="Output">For the first two, the .mdl, .h5, .hdf5 or .safetensors file to write; for the third, the folder.</param>
/// <param name="Model">The model that a checkpoint of this program holds; null where it says so itself.</param>
/// <param name="Force">Whether files that are there already may be overwritten.</param>
public sealed record ConversionRequest(string Input, string Output, ModelParameters? Model = null, bool Force = false)
{
    /// <summary>
    /// For a checkpoint of this program, the <c>model_type</c> to write: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon or bloom; null
    /// for the first that can express the model.
    /// </summary>
    public string? ModelType { get; init; }

    /// <summary>For a checkpoint of this program, whether its weights become a pytorch_model.bin in place of a model.safetensors.</summary>
    public bool PyTorchBin { get; init; }
}
