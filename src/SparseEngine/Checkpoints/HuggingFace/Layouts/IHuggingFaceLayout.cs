using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>A kind of model of Hugging Face's transformers: what its config.json says and what its tensors are made of.</summary>
internal interface IHuggingFaceLayout
{
    /// <summary>Its <c>model_type</c>.</summary>
    string ModelType { get; }

    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>The class of transformers that its files are loaded as.</summary>
    string Architecture { get; }

    /// <summary>What stands before the names of the model without its head, in a file that has the head too.</summary>
    string Prefix { get; }

    /// <summary>The token table, without prefix.</summary>
    string WordEmbeddings { get; }

    /// <summary>The output head, which never has the prefix, and which a tied model does without.</summary>
    string Head { get; }

    /// <summary>The default of <c>bos_token_id</c>.</summary>
    int FirstToken { get; }

    /// <summary>The default of <c>eos_token_id</c>.</summary>
    int LastToken { get; }

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
