using System.Globalization;
using System.Text;
using System.Text.Json;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Files;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>
/// What scripts around the Model Zoo look for in a run's folder: its merged configuration, <c>train/params_train.yaml</c>, and its speed,
/// <c>performance/performance.json</c>.
/// </summary>
internal static class RunRecord
{
    private const string Extension = ".yaml";

    private static readonly JsonWriterOptions Indented = new() { Indented = true, IndentSize = 4, NewLine = "\n" };

    /// <summary>Writes the run's YAML with the command line's options in it; an earlier run's that says something else stays beside it.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void WriteConfiguration(RunParameters run, RunMode mode)
    {
        string word = Word(mode);
        if (MergedConfiguration.Of(run, word) is not { } text)
        {
            return;
        }

        string path = ConfigurationFile(run.RunConfig.ModelDirectory, mode);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            if (File.Exists(path))
            {
                byte[] earlier = File.ReadAllBytes(path);
                if (earlier.AsSpan().SequenceEqual(bytes))
                {
                    return;
                }

                string date = File.GetLastWriteTime(path).ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
                AtomicFile.Write($"{path[..^Extension.Length]}_{date}{Extension}", stream => stream.Write(earlier));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException($"{path}: cannot be read: {exception.Message}", exception);
        }

        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>The file that <see cref="WriteConfiguration"/> writes for a mode.</summary>
    public static string ConfigurationFile(string modelDirectory, RunMode mode) =>
        Path.Combine(modelDirectory, Word(mode), $"params_{Word(mode)}{Extension}");

    /// <summary>Writes how fast training has been, earlier parts of the run included.</summary>
    /// <param name="modelDirectory">The model directory.</param>
    /// <param name="samples">Samples trained on.</param>
    /// <param name="seconds">The time that took.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void WritePerformance(string modelDirectory, long samples, double seconds) =>
        AtomicFile.Write(Path.Combine(modelDirectory, "performance", "performance.json"), stream =>
        {
            using Utf8JsonWriter writer = new(stream, Indented);
            writer.WriteStartObject();
            writer.WriteNumber("samples_per_sec", seconds > 0 ? samples / seconds : 0);
            writer.WriteNumber("total_samples", samples);
            writer.WriteNumber("total_time", seconds);
            writer.WriteEndObject();
        });

    /// <summary>The zoo's word; it evaluates all checkpoints by evaluating one after the other.</summary>
    private static string Word(RunMode mode) => mode switch
    {
        RunMode.Train => "train",
        RunMode.TrainAndEval => "train_and_eval",
        _ => "eval",
    };
}
