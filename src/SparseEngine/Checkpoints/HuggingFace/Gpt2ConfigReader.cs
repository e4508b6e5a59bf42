using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Reads values of a config.json. A key that is not there, or null, has its default.</summary>
internal sealed class Gpt2ConfigReader : IDisposable
{
    // A model's has a thousand bytes.
    private const long LargestFile = 1 << 20;

    // Every one has it: what lacks it, and has an error, is not a model's.
    private const string ModelType = "model_type";

    private readonly string path;
    private readonly JsonDocument document;

    private Gpt2ConfigReader(string path, JsonDocument document)
    {
        this.path = path;
        this.document = document;
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or is not a JSON object.</exception>
    public static Gpt2ConfigReader Open(string path)
    {
        try
        {
            JsonDocument document = JsonFile.Read(path, "a model's config", LargestFile);
            if (!document.RootElement.TryGetProperty(ModelType, out _) && JsonFile.DescribeAnswer(document.RootElement) is { } answer)
            {
                document.Dispose();
                throw new CheckpointException($"{path}: is not a model's config but {answer}");
            }

            return new Gpt2ConfigReader(path, document);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                File.Exists(path)
                    ? $"{path}: cannot be read: {exception.Message}"
                    : $"{path}: no such file; a Hugging Face model has it beside its weights", exception);
        }
    }

    /// <summary>Checks a word that has to be one.</summary>
    public void Require(string key, string valid)
    {
        if (Find(key) is { } value && !(value.ValueKind == JsonValueKind.String && value.ValueEquals(valid)))
        {
            throw Invalid(key, value.GetRawText(), valid);
        }
    }

    /// <summary>Checks that something of which there is no counterpart here is off.</summary>
    public void RequireFalse(string key)
    {
        if (Flag(key, byDefault: false))
        {
            throw Invalid(key, "true", "false");
        }
    }

    /// <summary>A count of at least 1 under the first of several names that is there.</summary>
    public int Size(int byDefault, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (Find(key) is { } value)
            {
                return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size >= 1
                    ? size
                    : throw Invalid(key, value.GetRawText(), SectionValue.IntegerDescription(1));
            }
        }

        return byDefault;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool byDefault) => Find(key) is not { } value ? byDefault
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Invalid(key, value.GetRawText(), "true, false");

    /// <summary>A number in an interval.</summary>
    public double Number(string key, Interval valid, double byDefault) => Find(key) is not { } value ? byDefault
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && valid.Contains(number) ? number
        : throw Invalid(key, value.GetRawText(), valid.ToString());

    /// <summary>A word.</summary>
    public string Word(string key, string byDefault) => Find(key) is not { } value ? byDefault
        : value.ValueKind == JsonValueKind.String && value.GetString() is { } word ? word
        : throw Invalid(key, value.GetRawText(), "a text");

    /// <summary>An error about a value.</summary>
    public CheckpointException Invalid(string key, object value, string valid) => new($"{path}: {key} is {value}; valid: {valid}");

    /// <inheritdoc/>
    public void Dispose() => document.Dispose();

    private JsonElement? Find(string key) =>
        document.RootElement.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
