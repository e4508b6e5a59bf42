using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>A kind of model of Hugging Face's transformers: what its config.json says and what its tensors are made of.</summary>
internal interface IHuggingFaceLayout
{
    /// <summary>What it is called.</summary>
    LayoutNames Names { get; }

    /// <summary>The settings, with the keys and defaults of its class.</summary>
    /// <exception cref="CheckpointException">A value is invalid, or has no counterpart here.</exception>
    ModelParameters Read(ConfigReader config);

    /// <summary>The settings of a model that it cannot express, as a model section has them.</summary>
    IEnumerable<string> Lacks(ModelParameters model);

    /// <summary>The settings that concern training alone and that it has no key for, as a model section has them.</summary>
    IEnumerable<string> LeavesOut(ModelParameters model);

    /// <summary>Writes the keys that are its own.</summary>
    void Write(Utf8JsonWriter json, ModelParameters model);

    /// <summary>Lists the tensors.</summary>
    void Declare(TensorList tensors, ModelParameters model);
}
