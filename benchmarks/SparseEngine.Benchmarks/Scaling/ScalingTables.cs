using SparseEngine.Benchmarks.Comparison;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>What the model of scaling says of 1 to 256 ranks, from steps that are measured here, as Markdown tables and a figure.</summary>
internal static class ScalingTables
{
    // A machine of 64 such cores.
    private const int Widening = 32;

    private static readonly int[] Zeros = [0, 75, 90];
    private static readonly int[] Ranks = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    private static readonly Network[] Networks = [Network.TenGigabit, Network.TwentyFiveGigabit, Network.HundredGigabit];

    /// <summary>Measures a rank's speed, prints the tables and draws the figure.</summary>
    /// <param name="plot">Where the figure goes.</param>
    public static void Print(string plot)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        StepSize measured = StepSize.All[0];
        Dictionary<int, RankSpeed> speeds = Measure(device, measured);
        Console.WriteLine(Invariant($"{device.Description}; hidden {measured.Hidden}, sequences of {measured.Sequence} tokens."));
        foreach ((int zeros, RankSpeed speed) in speeds)
        {
            Console.WriteLine(
                Invariant($"{zeros}%: {1e6 * speed.SecondsPerToken:F1} us a token, {1000 * speed.SecondsPerStep:F1} ms a step besides; ")
                + Invariant($"adding {speed.AddedBytesPerSecond / 1e9:F1} GB/s, copying {speed.CopiedBytesPerSecond / 1e9:F1} GB/s."));
        }

        StepSize small = measured with { Batch = 256 };
        ScaledModel[] models =
        [
            new(Invariant($"hidden {small.Hidden}, {small.Layers} layers, {small.Batch} x {small.Sequence} tokens, ranks of {device.Cores} cores"),
                small, 8, zeros => speeds[zeros]),
            new(Invariant($"GPT-3 XL, {StepSize.Gpt3Xl.Batch} x {StepSize.Gpt3Xl.Sequence} tokens, ranks of {device.Cores} cores"),
                StepSize.Gpt3Xl, 2, zeros => speeds[zeros].For(measured, StepSize.Gpt3Xl, zeros)),
            new(Invariant($"GPT-3 XL, {StepSize.Gpt3Xl.Batch} x {StepSize.Gpt3Xl.Sequence} tokens, ranks of {Widening * device.Cores} cores"),
                StepSize.Gpt3Xl, 2, zeros => speeds[zeros].For(measured, StepSize.Gpt3Xl, zeros).Widened(Widening)),
        ];
        Array.ForEach(models, Print);
        ScalingPlot.Save(plot, Networks, Zeros, Ranks, [models[0], models[2]]);
    }

    /// <summary>Times steps of few tokens and many in turn, at each level of sparsity.</summary>
    /// <param name="device">What computes.</param>
    /// <param name="size">The model.</param>
    /// <returns>By zeros in percent.</returns>
    public static Dictionary<int, RankSpeed> Measure(HostDevice device, StepSize size)
    {
        int[] batches = [1, 2, 4, 8];
        (int Zeros, int Batch)[] cases = [.. Zeros.SelectMany(zeros => batches.Select(batch => (zeros, batch)))];
        StepUnderTest[] steps = [.. cases.Select(which => new StepUnderTest(device, size with { Batch = which.Batch }, which.Zeros))];
        double[] seconds = Rounds.MediansOfSteps([.. steps.Select(step => (Action)step.RunToEnd)]);
        Array.ForEach(steps, step => step.Dispose());
        (double added, double copied) = MemorySpeed.Measure();
        return Zeros.ToDictionary(zeros => zeros, zeros =>
        {
            (double perToken, double perStep) = RankSpeed.Line(
                [
                    .. cases.Zip(seconds)
                        .Where(time => time.First.Zeros == zeros)
                        .Select(time => ((double)time.First.Batch * size.Sequence, time.Second)),
                ]);
            return new RankSpeed(perToken, perStep, device.Cores, added, copied);
        });
    }

    private static void Print(ScaledModel model)
    {
        Console.WriteLine();
        Console.WriteLine(
            $"| {model.Name}: seconds a step (efficiency) | zeros | MB sent | {string.Join(" | ", Ranks)} "
            + $"| {Ranks[^1]} ranks, {model.WeakSequences} sequences each |");
        Console.WriteLine($"|---|---|---|{string.Concat(Enumerable.Repeat("---|", Ranks.Length + 1))}");
        foreach (Network network in Networks)
        {
            foreach (int zeros in Zeros)
            {
                ScalingModel scaling = model.On(network, zeros);
                double alone = model.Step(scaling, 1).Seconds;
                IEnumerable<string> cells = Ranks.Select(ranks =>
                {
                    double seconds = model.Step(scaling, ranks).Seconds;
                    return Invariant($"{Significant(seconds)} ({alone / (ranks * seconds):F2})");
                });
                double weak = model.WeakStep(scaling, 1).Seconds / model.WeakStep(scaling, Ranks[^1]).Seconds;
                Console.WriteLine(Invariant(
                    $"| {network.Name} | {zeros}% | {scaling.Gradients.Bytes / 1e6:F0} | {string.Join(" | ", cells)} | ({weak:F2}) |"));
            }
        }

        PrintAssumptions(model);
    }

    // What of the networks is assumed: whether it matters.
    private static void PrintAssumptions(ScaledModel model)
    {
        IEnumerable<string> cells = Networks.Select(network =>
        {
            Network slow = network with { Latency = 10 * network.Latency, MessageSeconds = 10 * network.MessageSeconds };
            return Invariant($"{network.Name} {Efficiency(model, network):F2} and {Efficiency(model, slow):F2}");
        });
        Console.WriteLine();
        Console.WriteLine(
            Invariant($"{Ranks[^1]} ranks at {Zeros[^1]}%, and with ten times the latency and the cost of a message: {string.Join(", ", cells)}."));
    }

    private static double Efficiency(ScaledModel model, Network network)
    {
        ScalingModel scaling = model.On(network, Zeros[^1]);
        return model.Step(scaling, 1).Seconds / (Ranks[^1] * model.Step(scaling, Ranks[^1]).Seconds);
    }

    private static string Significant(double seconds) => seconds switch
    {
        >= 100 => Invariant($"{seconds:F0}"),
        >= 10 => Invariant($"{seconds:F1}"),
        >= 1 => Invariant($"{seconds:F2}"),
        _ => Invariant($"{seconds:F3}"),
    };
}
