using System.Diagnostics;

namespace SparseEngine.Kernels.Devices.Profiling;

/// <summary>What an operation belongs to.</summary>
public enum OperationKind
{
    /// <summary>The products and biases of linear layers.</summary>
    Linear,

    /// <summary>Everything else that a step computes.</summary>
    Other,

    /// <summary>What is computed before the first step.</summary>
    Setup,

    /// <summary>Waiting for what other processes send.</summary>
    Communication,

    /// <summary>Messages that were under way while this process computed: beside the time of the other kinds, not part of it.</summary>
    HiddenCommunication,
}

/// <summary>All calls of one operation.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Kind">What it belongs to.</param>
/// <param name="Calls">How often it was called.</param>
/// <param name="Time">The time of all calls.</param>
/// <param name="Flops">
/// Floating-point operations executed in matrix products and attention, a multiply-add is 2; 0 for elementwise operations.
/// </param>
public sealed record OperationTotal(string Name, OperationKind Kind, long Calls, TimeSpan Time, double Flops);

/// <summary>One call of an operation.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Kind">What it belongs to.</param>
/// <param name="Start">When it began, since the profile did.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Shape">The shape it worked on.</param>
public readonly record struct OperationCall(string Name, OperationKind Kind, TimeSpan Start, TimeSpan Time, string Shape);

/// <summary>How long the operations of a device took.</summary>
public sealed class Profile
{
    // A trace of more calls than this no viewer likes; totals count them all.
    private const int MostCalls = 50_000;

    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, Total> totals = [];
    private readonly List<OperationCall> calls = [];

    /// <summary>The operations, those that took the most time first.</summary>
    public IReadOnlyList<OperationTotal> Totals =>
        [.. totals.Select(pair => pair.Value.Named(pair.Key)).OrderByDescending(total => total.Time)];

    /// <summary>The first 50,000 calls, in order.</summary>
    public IReadOnlyList<OperationCall> Calls => calls;

    /// <summary>The time since the profile began.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(begin);

    /// <summary>Adds a stretch of time in which messages between processes were under way.</summary>
    /// <param name="name">What they carry: "gradients, waited for".</param>
    /// <param name="hidden">Whether this process computed meanwhile.</param>
    /// <param name="start">When it began, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="end">When it was over, likewise.</param>
    public void AddCommunication(string name, bool hidden, long start, long end)
    {
        ArgumentNullException.ThrowIfNull(name);
        Add(name, hidden ? OperationKind.HiddenCommunication : OperationKind.Communication, start, Math.Max(start, end), 0, default);
    }

    /// <summary>Adds a call that ends now.</summary>
    internal void Add(string name, OperationKind kind, long start, double flops, (int A, int B, int C) shape) =>
        Add(name, kind, start, Stopwatch.GetTimestamp(), flops, shape);

    private void Add(string name, OperationKind kind, long start, long end, double flops, (int A, int B, int C) shape)
    {
        if (!totals.TryGetValue(name, out Total? total))
        {
            totals.Add(name, total = new Total(kind));
        }

        total.Calls++;
        total.Ticks += end - start;
        total.Flops += flops;
        if (calls.Count < MostCalls)
        {
            string text = shape.C > 0 ? $"{shape.A} x {shape.B} x {shape.C}"
                : shape.B > 0 ? $"{shape.A} x {shape.B}"
                : shape.A > 0 ? $"{shape.A}" : "";
            calls.Add(new OperationCall(name, kind, Stopwatch.GetElapsedTime(begin, start), Stopwatch.GetElapsedTime(start, end), text));
        }
    }

    private sealed class Total(OperationKind kind)
    {
        public OperationKind Kind { get; } = kind;

        public long Calls { get; set; }

        public long Ticks { get; set; }

        public double Flops { get; set; }

        public OperationTotal Named(string name) => new(name, Kind, Calls, Stopwatch.GetElapsedTime(0, Ticks), Flops);
    }
}
