using System.Text.Encodings.Web;
using System.Text.Json;
using SparseEngine.Data.Preparation;
using SparseEngine.Metrics;

namespace SparseEngine.Cli.Output;

/// <summary>What a preparation wrote, and the keys of a YAML that trains on it.</summary>
internal static class PreparationSummary
{
    private const int MostEndings = 10;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The lines for a person.</summary>
    public static IEnumerable<string> Of(string folder, PreparedDataset dataset)
    {
        string empty = dataset.EmptyDocuments > 0 ? $"; {Quantity.Count(dataset.EmptyDocuments, "empty document")} left out" : "";
        yield return $"{folder}: tokenizer {dataset.Tokenizer}, {Quantity.Count(dataset.VocabSize, "token")} in the vocabulary{empty}";
        yield return Part("train", dataset.Train);
        if (dataset.Val is { } held)
        {
            yield return Part("val", held);
        }

        if (dataset.LeftOut.Count > 0)
        {
            yield return $"  left out: {LeftOut(dataset.LeftOut)}";
        }

        yield return "";
        yield return "model:";
        yield return $"  vocab_size: {dataset.VocabSize}";
        yield return $"  max_position_embeddings: {dataset.MaxSequenceLength}";
        IEnumerable<string> evaluation = dataset.Val is null ? [] : Input("eval_input", folder, "val", dataset);
        foreach (string line in Input("train_input", folder, "train", dataset).Concat(evaluation))
        {
            yield return line;
        }

        yield return "";
        yield return "# In the trainer layout these are trainer.init.model, trainer.fit.train_dataloader and trainer.fit.val_dataloader.";
    }

    private static string Part(string name, PreparedSplit part) =>
        $"  {name}: {Quantity.Count(part.Documents, "document")}, {Quantity.Count(part.Tokens, "token")}, {Quantity.Count(part.Samples, "sample")} "
        + $"in {Quantity.Count(part.Files, "file")}";

    /// <summary>12 files (.png 7, .py 3, 6 others 2): the most frequent endings.</summary>
    private static string LeftOut(IReadOnlyDictionary<string, int> files)
    {
        KeyValuePair<string, int>[] endings =
            [.. files.OrderByDescending(ending => ending.Value).ThenBy(ending => ending.Key, StringComparer.Ordinal)];
        IEnumerable<string> shown = endings.Take(MostEndings).Select(ending => $"{ending.Key} {Quantity.Count(ending.Value)}");
        KeyValuePair<string, int>[] others = [.. endings.Skip(MostEndings)];
        string rest = others.Length > 0 ? $", {Quantity.Count(others.Length, "other")} {Quantity.Count(others.Sum(ending => ending.Value))}" : "";
        return $"{Quantity.Count(files.Values.Sum(), "file")} ({string.Join(", ", shown)}{rest})";
    }

    private static IEnumerable<string> Input(string section, string folder, string name, PreparedDataset dataset) =>
    [
        $"{section}:",
        "  data_processor: GptHDF5DataProcessor",
        $"  data_dir: {JsonSerializer.Serialize(Path.Combine(folder, name), Readable)}",
        $"  max_sequence_length: {dataset.MaxSequenceLength}",
    ];

}
