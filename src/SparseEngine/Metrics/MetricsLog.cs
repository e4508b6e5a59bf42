using System.Globalization;
using System.Text.Json;
using SparseEngine.Files;
using SparseEngine.Runs;

namespace SparseEngine.Metrics;

/// <summary>The run log <c>metrics.jsonl</c>: one JSON object a line, for each logged step and each evaluation.</summary>
/// <remarks>Numbers round-trip exactly; one that is not finite is written as the string "NaN", "Infinity" or "-Infinity".</remarks>
internal sealed class MetricsLog : IDisposable
{
    /// <summary>The key that an update of the masks has: "total" and each weight's name, with what became of its mask.</summary>
    public const string MasksKey = "masks";

    /// <summary>The key of the number of a weight's elements, of which the others say shares.</summary>
    public const string ElementsKey = "elements";

    /// <summary>The key of the operations that an update of the masks adds to its step's.</summary>
    public const string DenseGradientFlopsKey = "flops_dense_gradients";

    /// <summary>The key that tells on which of several validation data a line is.</summary>
    public const string DataloaderKey = "dataloader";

    private readonly LogFile file;
    private readonly MemoryStream line = new();

    private MetricsLog(LogFile file) => this.file = file;

    /// <summary>The log's path in a model directory.</summary>
    public static string PathIn(string modelDirectory) => Path.Combine(modelDirectory, "metrics.jsonl");

    /// <summary>Opens the log to append to it.</summary>
    /// <param name="modelDirectory">The model directory; made where it does not exist.</param>
    /// <param name="resumeStep">
    /// The step the run goes on from: lines of later steps, and one cut short, come from a run that was killed and are dropped.
    /// </param>
    public static MetricsLog Open(string modelDirectory, int resumeStep)
    {
        string path = PathIn(modelDirectory);
        if (File.Exists(path))
        {
            DropAfter(path, resumeStep);
        }

        return new MetricsLog(LogFile.Open(path, FileMode.Append));
    }

    /// <summary>Appends a training step.</summary>
    public void Write(StepMetrics step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Append(step.Step, Scalar.Of(step));
    }

    /// <summary>Appends an update of the masks: an object for all weights, and one for each.</summary>
    public void Write(MaskUpdateMetrics update)
    {
        ArgumentNullException.ThrowIfNull(update);
        Append(update.Step, json =>
        {
            Number(json, DenseGradientFlopsKey, update.DenseGradientFlops);
            json.WriteStartObject(MasksKey);
            foreach (WeightMaskMetrics weight in update.Weights.Prepend(update.Total))
            {
                json.WriteStartObject(weight.Name);
                json.WriteNumber(ElementsKey, weight.Elements);
                foreach (Scalar scalar in Scalar.Of(weight))
                {
                    Number(json, scalar.Name, scalar.Value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    /// <summary>Appends an evaluation.</summary>
    public void Write(EvaluationMetrics evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        Append(
            evaluation.Step,
            Scalar.Of(evaluation).Select(scalar => scalar.Name == Scalar.Seconds ? scalar : scalar with { Name = "eval_" + scalar.Name }),
            evaluation.Dataloader);
    }

    /// <summary>Waits until all lines are on the disk, so that a checkpoint never survives a power failure that its steps' lines do not.</summary>
    public void FlushToDisk() => file.FlushToDisk();

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        line.Dispose();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void Append(int step, IEnumerable<Scalar> scalars, string? dataloader = null) => Append(step, json =>
    {
        if (dataloader is not null)
        {
            json.WriteString(DataloaderKey, dataloader);
        }

        foreach (Scalar scalar in scalars)
        {
            Number(json, scalar.Name, scalar.Value);
        }
    });

    private void Append(int step, Action<Utf8JsonWriter> write)
    {
        line.SetLength(0);
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            write(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        file.Append(line.GetBuffer().AsMemory(0, (int)line.Length));
    }

    private static void DropAfter(string path, int resumeStep)
    {
        string[] lines = File.ReadAllLines(path);
        string[] kept = [.. lines.Where(text => StepOf(text) <= resumeStep)];
        if (kept.Length < lines.Length || !EndsWithLineFeed(path))
        {
            string temporary = path + ".tmp";
            File.WriteAllLines(temporary, kept);
            File.Move(temporary, path, overwrite: true);
        }
    }

    // A kill can leave out just the line feed; the next line must not go on where a whole one ends.
    private static bool EndsWithLineFeed(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length == 0)
        {
            return true;
        }

        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    // A line that is not an object with a step is one that a kill cut short.
    private static long StepOf(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.TryGetProperty("step", out JsonElement step) ? step.GetInt64() : long.MaxValue;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return long.MaxValue;
        }
    }
}
