using System.Text.Json;
using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Metrics;

/// <summary>Writes a profile in Chrome's trace event format (complete events), which chrome://tracing and ui.perfetto.dev show on a time line.</summary>
public static class ChromeTrace
{
    /// <summary>The trace's name in a model directory.</summary>
    public const string FileName = "trace.json";

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
            json.WriteString("cat", call.Kind == OperationKind.Linear ? "linear" : "other");
            json.WriteString("ph", "X");
            json.WriteNumber("ts", call.Start.TotalMicroseconds);
            json.WriteNumber("dur", call.Time.TotalMicroseconds);
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", 1);
            json.WriteStartObject("args");
            json.WriteString("shape", call.Shape);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
