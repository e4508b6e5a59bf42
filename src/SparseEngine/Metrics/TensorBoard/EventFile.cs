using Google.Protobuf;
using SparseEngine.Files;
using SparseEngine.Metrics.TensorBoard.Messages;

namespace SparseEngine.Metrics.TensorBoard;

/// <summary>Writes one event file, which TensorBoard follows while it grows.</summary>
/// <remarks><c>tensorflow/core/util/events_writer.cc</c>: a TFRecord file of Event messages, of which the first states the version.</remarks>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2";

    // Tells apart the files that one process opens in the same second, and keeps them in order.
    private static int filesOpened = -1;

    private readonly LogFile file;
    private readonly TimeProvider clock;

    private EventFile(LogFile file, TimeProvider clock)
    {
        this.file = file;
        this.clock = clock;
    }

    /// <summary>The file: <c>events.out.tfevents.SECONDS.HOST.PROCESS.NUMBER</c>, so that names sort by time.</summary>
    public string Path => file.Path;

    /// <summary>Starts a new file.</summary>
    /// <param name="folder">Where; made if absent. TensorBoard shows the files of a folder as one run.</param>
    /// <param name="clock">Dates the events.</param>
    /// <exception cref="OutputException">It cannot be made or written to.</exception>
    public static EventFile Create(string folder, TimeProvider clock)
    {
        string name = $"events.out.tfevents.{clock.GetUtcNow().ToUnixTimeSeconds():D10}.{Environment.MachineName}"
            + $".{Environment.ProcessId}.{Interlocked.Increment(ref filesOpened):D6}";
        EventFile file = new(LogFile.Open(System.IO.Path.Combine(folder, name), FileMode.CreateNew), clock);
        file.Write(new Event { FileVersion = Version });
        return file;
    }

    /// <summary>Says that steps from this one on are done again: TensorBoard drops those of earlier files in the folder.</summary>
    public void WriteSessionStart(int step) =>
        Write(new Event { Step = step, SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } });

    /// <summary>Writes what is known of a step, in one record.</summary>
    public void WriteScalars(int step, IEnumerable<Scalar> scalars)
    {
        Summary summary = new();
        summary.Value.AddRange(scalars.Select(scalar => new Summary.Types.Value { Tag = scalar.Name, SimpleValue = (float)scalar.Value }));
        Write(new Event { Step = step, Summary = summary });
    }

    /// <summary>Writes a text, which TensorBoard shows as Markdown.</summary>
    public void WriteText(int step, string tag, string markdown)
    {
        Summary.Types.Value value = new()
        {
            Tag = tag,
            Metadata = new SummaryMetadata { PluginData = new() { PluginName = "text" }, DataClass = DataClass.Tensor },
            Tensor = new TensorProto { Dtype = DataType.DtString, TensorShape = new(), StringVal = { ByteString.CopyFromUtf8(markdown) } },
        };
        Write(new Event { Step = step, Summary = new Summary { Value = { value } } });
    }

    /// <summary>Waits until all records are on the disk.</summary>
    public void FlushToDisk() => file.FlushToDisk();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Write(Event record)
    {
        record.WallTime = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        file.Append(TFRecord.Frame(record.ToByteArray()));
    }
}
