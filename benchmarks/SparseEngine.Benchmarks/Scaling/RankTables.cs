using SparseEngine.Benchmarks.Comparison;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>
/// Steps of one process that has all cores beside those of ranks that share them, and beside what the model of scaling predicts of these ranks, as
/// Markdown tables.
/// </summary>
internal static class RankTables
{
    private const int CountOfRounds = 21;

    private static readonly int[] Zeros = [0, 75, 90];

    private static StepSize Size => RankWorker.Size;

    /// <summary>Times steps in turn.</summary>
    /// <param name="launcher">The launcher of MPI.</param>
    /// <param name="ranks">The number of ranks.</param>
    public static void Print(string launcher, int ranks)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        List<string> predictions = [];
        string messages = "";
        foreach (int zeros in Zeros)
        {
            using RankProcesses processes = RankProcesses.Start(launcher, ranks, zeros);
            if (messages.Length == 0)
            {
                messages = processes.Description;
                Console.WriteLine($"{device.Description}; {messages}; {Size}.");
                Console.WriteLine();
                Console.WriteLine(
                    Invariant($"| zeros | 1 process x {device.Cores} threads, ms | {ranks} ranks x 1 thread, ms | as fast ")
                    + "| gradients a step, MB | communication, ms | hidden, ms | waited for, ms |");
                Console.WriteLine("|---|---|---|---|---|---|---|---|");
            }

            Times times = Measure(device, processes, zeros);
            GradientStream gradients = GradientStream.Of(Size.Model, Size.Plan(zeros), Size.Sequence);
            Console.WriteLine(
                Invariant($"| {zeros}% | {1000 * times.Alone:F1} | {1000 * times.Together:F1} | {times.Alone / times.Together:F2} ")
                + Invariant($"| {gradients.Bytes / 1e6:F1} | {1000 * times.Communication:F1} ")
                + Invariant($"| {1000 * (times.Communication - times.Waited):F1} | {1000 * times.Waited:F1} |"));
            double predicted = Predict(times, gradients, ranks);
            predictions.Add(
                Invariant($"| {zeros}% | {1e6 * times.Few:F0} | {1000 * times.Bucket:F2} | {1000 * times.Apart:F1} | {1000 * predicted:F1} ")
                + Invariant($"| {1000 * times.Together:F1} | {100 * ((predicted / times.Together) - 1):+0.0;-0.0}% |"));
        }

        Console.WriteLine();
        Console.WriteLine(
            Invariant($"| zeros | a sum of one number, us | of a bucket, ms | the step of {ranks} ranks without sums, ms ")
            + "| with sums, predicted, ms | measured, ms | off by |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        predictions.ForEach(Console.WriteLine);
    }

    // What a rank computes was measured as a whole, beside the others. Its only core computes or sends.
    private static double Predict(Times times, GradientStream gradients, int ranks)
    {
        (double added, double copied) = MemorySpeed.Measure();
        double tokens = (double)Size.Tokens / ranks;
        RankSpeed speed = new(times.Apart / tokens, 0, Cores: 1, added, copied);
        Network network = Network.Measured("this machine", ranks, times.Few, GradientStream.BucketBytes, times.Bucket, added);
        return new ScalingModel(speed, network, gradients).Step(ranks, tokens, Size.Sequence).Seconds;
    }

    private static Times Measure(HostDevice device, RankProcesses processes, int zeros)
    {
        double few = processes.Ask(RankWorker.Sum(1))[0];
        double bucket = processes.Ask(RankWorker.Sum((int)(GradientStream.BucketBytes / sizeof(float))))[0];
        using StepUnderTest alone = new(device, Size, zeros);
        List<double> communication = [];
        List<double> waited = [];
        double[] seconds = Rounds.MediansOfSteps(
            CountOfRounds,
            () =>
            {
                alone.Run();
                alone.Read();
            },
            () =>
            {
                double[] shared = processes.Ask(RankWorker.SharedStep);
                communication.Add(shared[0]);
                waited.Add(shared[1]);
            },
            () => processes.Ask(RankWorker.StepApart));
        return new Times(seconds[0], seconds[1], seconds[2], few, bucket, Median(communication), Median(waited));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private readonly record struct Times(
        double Alone, double Together, double Apart, double Few, double Bucket, double Communication, double Waited);
}
