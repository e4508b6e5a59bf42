using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>Reads values of a config.json, or of an object in it. A key that is not there, or null, has its default.</summary>
internal sealed class ConfigReader
{
    // A model's has a thousand bytes.
    private const long LargestFile = 1 << 20;

    private readonly string path;
    private readonly JsonElement json;
    private readonly string prefix;

    private ConfigReader(string path, JsonElement json, string prefix)
    {
        this.path = path;
        this.json = json;
        this.prefix = prefix;
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or is not a JSON object.</exception>
    public static ConfigReader Open(string path)
    {
        try
        {
            using JsonDocument document = JsonFile.Read(path, "a model's config", LargestFile);

            // Every model's has a type: what lacks it, and has an error, is not a model's.
            return document.RootElement.TryGetProperty(ConfigFile.ModelType, out _) || JsonFile.DescribeAnswer(document.RootElement) is not { } answer
                ? new ConfigReader(path, document.RootElement.Clone(), prefix: "")
                : throw new CheckpointException($"{path}: is not a model's config but {answer}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                File.Exists(path)
                    ? $"{path}: cannot be read: {exception.Message}"
                    : $"{path}: no such file; a Hugging Face model has it beside its weights", exception);
        }
    }

    /// <summary>Whether a key is there and says null.</summary>
    public bool IsNull(string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>An object in this one; null where it is not there.</summary>
    public ConfigReader? Section(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new ConfigReader(path, value, $"{prefix}{key}.")
        : throw Invalid(key, value.GetRawText(), "an object, null");

    /// <summary>Checks that something of which there is no counterpart here is off.</summary>
    public void RequireFalse(string key) => Require(key, valid: false, byDefault: false);

    /// <summary>Checks that a flag is as what is here has it.</summary>
    public void Require(string key, bool valid, bool byDefault)
    {
        if (Flag(key, byDefault) != valid)
        {
            throw Invalid(key, valid ? "false" : "true", valid ? "true" : "false");
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

    /// <summary>A count that divides another, under the first of several names that is there.</summary>
    public int Divisor(int byDefault, int of, string whole, params ReadOnlySpan<string> keys)
    {
        int divisor = Size(byDefault, keys);
        return of % divisor == 0 ? divisor : throw Invalid(keys[0], divisor, $"a divisor of {prefix}{whole}, {of}");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool byDefault) => Find(key) is not { } value ? byDefault
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Invalid(key, value.GetRawText(), "true, false");

    /// <summary>A number in an interval.</summary>
    public double Number(string key, Interval valid, double byDefault) => Find(key) is null ? byDefault : Number(key, valid);

    /// <summary>A number in an interval that has to be there.</summary>
    public double Number(string key, Interval valid) => Find(key) is not { } value ? throw Invalid(key, "missing", valid.ToString())
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && valid.Contains(number) ? number
        : throw Invalid(key, value.GetRawText(), valid.ToString());

    /// <summary>A word.</summary>
    public string Word(string key, string byDefault) => Find(key) is not { } value ? byDefault
        : value.ValueKind == JsonValueKind.String && value.GetString() is { } word ? word
        : throw Invalid(key, value.GetRawText(), "a text");

    /// <summary>An error about a value.</summary>
    public CheckpointException Invalid(string key, object value, string valid) =>
        new(FormattableString.Invariant($"{path}: {prefix}{key} is {value}; valid: {valid}"));

    private JsonElement? Find(string key) =>
        json.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
