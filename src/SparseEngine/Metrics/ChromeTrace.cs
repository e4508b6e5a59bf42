using System.Text.Json;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Metrics;

/// <summary>A profile in Chrome's trace event format (complete events), which chrome://tracing and ui.perfetto.dev show on a time line.</summary>
public static class ChromeTrace
{
    /// <summary>The trace's name in a model directory.</summary>
    public const string FileName = "trace.json";

    private const string Linear = "linear";
    private const string Setup = "setup";
    private const string Communication = "communication";
    private const string Hidden = "hidden communication";

    /// <summary>Writes a file, over an old one.</summary>
    /// <param name="profile">The calls.</param>
    /// <param name="path">The file.</param>
    public static void Write(Profile profile, string path)
    {
        ArgumentNullException.ThrowIfNull(profile);
        using FileStream file = File.Create(path);
        using Utf8JsonWriter json = new(file);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        foreach (OperationCall call in profile.Calls)
        {
            json.WriteStartObject();
            json.WriteString("name", call.Name);
            json.WriteString("cat", CategoryOf(call.Kind));
            json.WriteString("ph", "X");
            json.WriteNumber("ts", call.Start.TotalMicroseconds);
            json.WriteNumber("dur", call.Time.TotalMicroseconds);
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", call.Kind == OperationKind.HiddenCommunication ? 2 : 1);
            json.WriteStartObject("args");
            json.WriteString("shape", call.Shape);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// Adds up the calls of a file that <see cref="Write"/> wrote, without those before and beside the steps, by operation, those that took the most
    /// time first. It does not say how many FLOPs they executed: those are 0.
    /// </summary>
    /// <exception cref="DataException">It is no such file.</exception>
    public static IReadOnlyList<OperationTotal> ReadTotals(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument trace = JsonDocument.Parse(file);
            return
            [
                .. trace.RootElement.GetProperty("traceEvents").EnumerateArray()
                    .Where(call => call.GetProperty("cat").GetString() is not (Setup or Hidden))
                    .GroupBy(call => (Name: call.GetProperty("name").GetString()!, Category: call.GetProperty("cat").GetString()!))
                    .Select(calls => new OperationTotal(
                        calls.Key.Name,
                        calls.Key.Category switch
                        {
                            Linear => OperationKind.Linear,
                            Communication => OperationKind.Communication,
                            _ => OperationKind.Other,
                        },
                        calls.Count(),
                        TimeSpan.FromMicroseconds(calls.Sum(call => call.GetProperty("dur").GetDouble())),
                        Flops: 0))
                    .OrderByDescending(total => total.Time),
            ];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new DataException($"{path}: is no trace of operations; valid: what run --profile writes", exception);
        }
    }

    private static string CategoryOf(OperationKind kind) => kind switch
    {
        OperationKind.Linear => Linear,
        OperationKind.Setup => Setup,
        OperationKind.Communication => Communication,
        OperationKind.HiddenCommunication => Hidden,
        _ => "other",
    };
}
