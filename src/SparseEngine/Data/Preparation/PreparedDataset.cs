using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SparseEngine.Data.Preparation;

/// <summary>What a preparation wrote: the content of its <c>dataset.json</c>.</summary>
public sealed record PreparedDataset
{
    /// <summary>The name of the file that describes a prepared data set.</summary>
    public const string FileName = "dataset.json";

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary><c>byte</c>, <c>gpt2</c>, or the name of the tokenizer's file in the same folder.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>The number of ids: the least vocab_size of a model.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The id after each document.</summary>
    public required int EndToken { get; init; }

    /// <summary>Tokens in a sample.</summary>
    public required int MaxSequenceLength { get; init; }

    /// <summary>The share of validation that was asked for.</summary>
    public required double ValidationFraction { get; init; }

    /// <summary>Documents without text, which are left out.</summary>
    public required long EmptyDocuments { get; init; }

    /// <summary>How many files of the input's folders are of no kind that is read, by the ends of their names.</summary>
    public IReadOnlyDictionary<string, int> LeftOut { get; init; } = ReadOnlyDictionary<string, int>.Empty;

    /// <summary>The training part, in the folder of this name.</summary>
    public required PreparedSplit Train { get; init; }

    /// <summary>The validation part, in the folder of this name; null where there is none.</summary>
    public PreparedSplit? Val { get; init; }

    /// <summary>
    /// What <see cref="Tokenizers.Tokenizer.Open"/> makes the tokenizer of prepared samples of: a word, or the path of its file.
    /// </summary>
    /// <param name="samples">The folder of the samples, or a file of them; what describes them lies there or in the folder above.</param>
    /// <returns>Null where nothing describes them.</returns>
    /// <exception cref="DataException">What does is no description of a data set.</exception>
    internal static string? TokenizerOf(string samples)
    {
        string? folder = Directory.Exists(samples) ? samples : Path.GetDirectoryName(samples);
        string? file = ((string?[])[folder, Path.GetDirectoryName(folder)]).OfType<string>()
            .Select(candidate => Path.Combine(candidate, FileName)).FirstOrDefault(File.Exists);
        if (file is null)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            string name = document.RootElement.GetProperty("tokenizer").GetString() ?? throw new JsonException("its tokenizer is null");
            return name is Tokenizers.Tokenizer.Byte or Tokenizers.Tokenizer.Gpt2 ? name : Path.Combine(Path.GetDirectoryName(file)!, name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException)
        {
            throw new DataException($"{file}: does not say what tokenizer its samples were made with: {exception.Message}", exception);
        }
    }

    /// <summary>Writes it as JSON.</summary>
    internal void Write(Stream stream) => JsonSerializer.Serialize(stream, this, Format);
}

/// <summary>One part of a prepared data set.</summary>
/// <param name="Documents">Documents.</param>
/// <param name="Tokens">Their tokens, an end each included.</param>
/// <param name="Samples">Samples.</param>
/// <param name="Files">HDF5 files.</param>
public sealed record PreparedSplit(long Documents, long Tokens, long Samples, int Files);
