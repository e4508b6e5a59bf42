using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SparseEngine.Distributed;
using SparseEngine.Distributed.Mpi;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>One of <see cref="RankProcesses"/>: does what a line asks for, and answers with a line of numbers, until it is asked no more.</summary>
internal sealed class RankWorker : IDisposable
{
    /// <summary>The argument that makes this program a rank.</summary>
    public const string Argument = "rank-worker";

    /// <summary>Asks for a step of all ranks together: seconds of communication, and those of them that were waited for.</summary>
    public const string SharedStep = "step";

    /// <summary>Asks for the step of a rank's share of the batch, without the others.</summary>
    public const string StepApart = "step-apart";

    private const string SumWord = "sum";
    private const int Sums = 50;

    private readonly Communicator ranks;
    private readonly HostDevice device = HostDevice.Create(1);
    private readonly StepUnderTest shared;
    private readonly StepUnderTest apart;

    private RankWorker(Communicator ranks, int zeros)
    {
        this.ranks = ranks;
        shared = new StepUnderTest(device, Size, zeros, ranks: ranks);
        apart = new StepUnderTest(device, Size with { Batch = Size.Batch / ranks.Size }, zeros);
    }

    /// <summary>The model, and the batch of all ranks.</summary>
    public static StepSize Size => StepSize.All[0];

    /// <summary>Asks for sums of some numbers: seconds of each.</summary>
    /// <param name="count">How many numbers.</param>
    public static string Sum(int count) => Invariant($"{SumWord} {count}");

    /// <summary>Serves until the connection is closed.</summary>
    /// <param name="port">Where the questions come from, on this machine.</param>
    /// <param name="zeros">Zeros in the decoder's weights, in percent.</param>
    public static void Serve(int port, int zeros)
    {
        using Communicator ranks = Ranks.Join();
        using RankWorker worker = new(ranks, zeros);
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, port);
        using StreamReader reader = new(client.GetStream());
        using StreamWriter writer = new(client.GetStream()) { AutoFlush = true };
        writer.WriteLine(ranks.Description);
        while (reader.ReadLine() is { } line)
        {
            writer.WriteLine(string.Join(' ', worker.Answer(line.Split(' ')).Select(number => number.ToString("R", CultureInfo.InvariantCulture))));
        }
    }

    public void Dispose()
    {
        shared.Dispose();
        apart.Dispose();
        device.Dispose();
    }

    private double[] Answer(string[] words) => words switch
    {
        [SharedStep] => Step(shared),
        [StepApart] => Step(apart),
        [SumWord, string count] => [SecondsOfSum(int.Parse(count, CultureInfo.InvariantCulture))],
        _ => throw new FormatException(string.Join(' ', words)),
    };

    private double[] Step(StepUnderTest step)
    {
        Profile profile = device.Profile = new Profile();
        step.Run();
        step.Read();
        double hidden = Seconds(OperationKind.HiddenCommunication);
        double waited = Seconds(OperationKind.Communication);
        return [hidden + waited, waited];

        double Seconds(OperationKind kind) => profile.Totals.Where(total => total.Kind == kind).Sum(total => total.Time.TotalSeconds);
    }

    // The median, since a few meet a core that does something else.
    private double SecondsOfSum(int count)
    {
        using Reduction sum = ranks.AllocateReduction(count);
        double[] seconds = new double[Sums];
        for (int i = 0; i < Sums; i++)
        {
            long start = Stopwatch.GetTimestamp();
            sum.Start(count);
            sum.Wait();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return seconds.Order().ElementAt(Sums / 2);
    }
}
