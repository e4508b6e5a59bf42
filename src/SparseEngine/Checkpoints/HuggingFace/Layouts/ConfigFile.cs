using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>A model's <c>config.json</c>.</summary>
internal static class ConfigFile
{
    /// <summary>Its name in a model's folder.</summary>
    public const string FileName = "config.json";

    /// <summary>The key that says of what kind the model is.</summary>
    public const string ModelType = "model_type";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Reads the model that a config.json describes, and of what kind it is.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or describes a model that has no counterpart here.</exception>
    public static (IHuggingFaceLayout Layout, ModelParameters Model) Read(string path)
    {
        ConfigReader config = ConfigReader.Open(path);
        try
        {
            string modelType = config.Word(ModelType, HuggingFaceLayouts.Gpt2.Names.ModelType);
            IHuggingFaceLayout layout = HuggingFaceLayouts.Find(modelType)
                ?? throw config.Invalid(ModelType, $"\"{modelType}\"", HuggingFaceLayouts.ValidInPlaceOf(modelType));
            return (layout, layout.Read(config));
        }
        catch (InvalidOperationException exception)
        {
            throw new CheckpointException($"{path}: has a text that is no Unicode", exception);
        }
    }

    /// <summary>The config.json of a model, UTF-8.</summary>
    public static byte[] Write(IHuggingFaceLayout layout, ModelParameters model)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteString(ModelType, layout.Names.ModelType);
            json.WriteStartArray("architectures");
            json.WriteStringValue(layout.Names.Architecture);
            json.WriteEndArray();
            json.WriteNumber("vocab_size", model.VocabularySize);
            layout.Write(json, model);
            json.WriteBoolean("tie_word_embeddings", model.ShareEmbeddingWeights);
            json.WriteNumber("initializer_range", model.InitializerRange);
            WriteToken(json, "bos_token_id", layout.Names.FirstToken, model);
            WriteToken(json, "eos_token_id", layout.Names.LastToken, model);
            json.WriteString("torch_dtype", "float32");
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    // A smaller vocabulary must not be left with the default.
    private static void WriteToken(Utf8JsonWriter json, string key, int token, ModelParameters model)
    {
        if (token < model.VocabularySize)
        {
            json.WriteNumber(key, token);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
