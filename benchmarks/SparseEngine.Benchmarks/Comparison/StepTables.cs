using System.Globalization;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// Training steps beside PyTorch's, over all levels of sparsity, threads, tokens and non-zeros, and their memory, as Markdown tables and plots.
/// </summary>
internal static class StepTables
{
    /// <summary>The argument that makes this program train one model and tell its peak memory.</summary>
    public const string MemoryArgument = "peak-memory";

    /// <summary>Steps of a model that takes half a minute for one.</summary>
    public const int CountOfLongRounds = 3;

    /// <summary>Steps of a model that takes milliseconds for one.</summary>
    public const int CountOfShortRounds = 41;

    private const double Mebibyte = 1 << 20;

    // All threads at once are the first to notice what else runs on a machine.
    private const int CountOfThreadRounds = 21;

    private static readonly int[] PeerZeros = [0, 75, 90];
    private static readonly int[] MemoryZeros = [0, 50, 75, 90];
    private static readonly StepSize[] MemorySizes = [.. StepSize.All, StepSize.Gpt2Small];

    /// <summary>Steps dense, with 75% and with 90% zeros, and PyTorch's dense step.</summary>
    /// <param name="sizes">The models.</param>
    /// <param name="rounds">Steps of each.</param>
    public static void PrintPeers(IEnumerable<StepSize> sizes, int rounds)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        Console.WriteLine($"{device.Description}. Tokens/s, and times as fast as PyTorch's dense step.");
        Console.WriteLine();
        Console.WriteLine("| model | PyTorch dense | no sparsity section | 75% zeros | 90% zeros |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (StepSize size in sizes)
        {
            using PyTorchProcess? peer = PyTorchProcess.Start(size, device.Cores);
            StepUnderTest[] steps = [.. PeerZeros.Select(zeros => new StepUnderTest(device, size, zeros))];
            List<double> peerTimes = [];
            double[] seconds = Rounds.MediansOfSteps(
                rounds, [() => peerTimes.Add(peer?.Step() ?? double.NaN), .. steps.Select(step => (Action)step.RunToEnd)]);
            double[] sorted = [.. peerTimes.Skip(1).Order()];
            double dense = sorted[sorted.Length / 2];
            IEnumerable<string> cells = seconds.Skip(1).Select(time => Invariant($"{size.Tokens / time:N0} ({dense / time:F2})"));
            Console.WriteLine(Invariant($"| {size} | {size.Tokens / dense:N0} | {string.Join(" | ", cells)} |"));
            Array.ForEach(steps, step => step.Dispose());
        }
    }

    /// <summary>The step's speed over all levels against the dense step's, by either method and by the faster of both.</summary>
    /// <param name="plot">Where the plot goes.</param>
    public static void PrintLevels(string plot)
    {
        StepSize size = StepSize.All[2];
        int[] levels = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99];
        ProductMethod[] methods = Enum.GetValues<ProductMethod>();
        HostDevice[] devices = [.. methods.Select(method => HostDevice.Create(Environment.ProcessorCount, method: method))];
        using StepUnderTest dense = new(devices[0], size, 0);
        Console.WriteLine($"{devices[0].Description}; {size}. The step's speed over that of the model without a sparsity section.");
        Console.WriteLine();
        Console.WriteLine("| zeros | fastest | sparse | dense, zeros filled in |");
        Console.WriteLine("|---|---|---|---|");
        List<double[]> ratios = [];
        foreach (int level in levels)
        {
            StepUnderTest[] steps = [.. devices.Select(device => new StepUnderTest(device, size, level))];
            double[] seconds = Rounds.MediansOfSteps([dense.RunToEnd, .. steps.Select(step => (Action)step.RunToEnd)]);
            ratios.Add([.. seconds.Skip(1).Select(time => seconds[0] / time)]);
            Console.WriteLine(Invariant($"| {level}% | {string.Join(" | ", ratios[^1].Select(ratio => Invariant($"{ratio:F2}")))} |"));
            Array.ForEach(steps, step => step.Dispose());
        }

        LinePlot.Save(
            plot, "Speed of a training step", "zeros in the decoder's weights, %", "times as fast as dense",
            [.. methods
                .Select((method, i) => (Label(method), levels.Select(level => (double)level).ToArray(), ratios.Select(row => row[i]).ToArray()))]);
        Array.ForEach(devices, device => device.Dispose());
    }

    /// <summary>Step time over threads, tokens and non-zeros.</summary>
    /// <param name="tokensPlot">Where the plot over tokens goes.</param>
    /// <param name="nonZerosPlot">Where the plot over non-zeros goes.</param>
    public static void PrintScaling(string tokensPlot, string nonZerosPlot)
    {
        using HostDevice one = HostDevice.Create(1);
        using HostDevice all = HostDevice.Create(Environment.ProcessorCount);
        foreach (StepSize model in StepSize.All)
        {
            using StepUnderTest single = new(one, model, 75);
            using StepUnderTest every = new(all, model, 75);
            double[] seconds = Rounds.MediansOfSteps(CountOfThreadRounds, single.RunToEnd, every.RunToEnd);
            Console.WriteLine(Invariant(
                $"{model}, 75% zeros: 1 thread {1000 * seconds[0]:F0} ms, {all.Cores} threads {1000 * seconds[1]:F0} ms, ")
                + Invariant($"{seconds[0] / seconds[1]:F2} times as fast."));
        }

        StepSize size = StepSize.All[2];

        int[] batches = [1, 2, 4, 8, 16, 24, 32];
        StepUnderTest[] byTokens = [.. batches.Select(batch => new StepUnderTest(all, size with { Batch = batch }, 75))];
        double[] tokenTimes = [.. Rounds.MediansOfSteps([.. byTokens.Select(step => (Action)step.RunToEnd)]).Select(time => 1000 * time)];
        Array.ForEach(byTokens, step => step.Dispose());
        double[] tokens = [.. batches.Select(batch => (double)batch * size.Sequence)];
        Print("tokens", tokens, tokenTimes);
        LinePlot.Save(tokensPlot, "A step at 75% zeros", "tokens in the step", "ms", [("measured", tokens, tokenTimes)]);

        int[] zeros = [60, 70, 80, 85, 90, 95, 98];
        StepUnderTest[] byZeros = [.. zeros.Select(level => new StepUnderTest(all, size, level))];
        double[] zeroTimes = [.. Rounds.MediansOfSteps([.. byZeros.Select(step => (Action)step.RunToEnd)]).Select(time => 1000 * time)];
        Array.ForEach(byZeros, step => step.Dispose());
        double[] nonZeros = [.. zeros.Select(level => size.Plan(level).Weights.Sum(weight => weight.Kept) / 1e6)];
        Print("million non-zeros", nonZeros, zeroTimes);
        LinePlot.Save(
            nonZerosPlot, $"A step of {size.Tokens} tokens", "non-zeros in the decoder, millions", "ms", [("measured", nonZeros, zeroTimes)]);
    }

    /// <summary>The step's speed over the tokens that go through the model at once, against that of all of them at once.</summary>
    public static void PrintPasses()
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        int[] passTokens = [2048, 1024, 512, 256, 128];
        Console.WriteLine($"{device.Description}. Times as fast as with 2048 tokens in a pass.");
        Console.WriteLine();
        Console.WriteLine(Invariant($"| model | zeros | {string.Join(" | ", passTokens)} |"));
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (StepSize size in StepSize.All)
        {
            foreach (int zeros in PeerZeros)
            {
                StepUnderTest[] steps = [.. passTokens.Select(tokens => new StepUnderTest(device, size, zeros, tokens))];
                double[] seconds = Rounds.MediansOfSteps([.. steps.Select(step => (Action)step.RunToEnd)]);
                Console.WriteLine(
                    Invariant($"| {size} | {zeros}% | {string.Join(" | ", seconds.Select(time => Invariant($"{seconds[0] / time:F2}")))} |"));
                Array.ForEach(steps, step => step.Dispose());
            }
        }
    }

    /// <summary>Peak resident memory of three steps, each model in a process of its own.</summary>
    public static void PrintMemory()
    {
        Console.WriteLine("| model | no sparsity section | 50% | 75% | 90% zeros | 90% / none |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (int i = 0; i < MemorySizes.Length; i++)
        {
            double[] peaks = [.. MemoryZeros.Select(zeros => PeakOf(i, zeros))];
            IEnumerable<string> cells = peaks.Select(peak => Invariant($"{peak / Mebibyte:F0} MiB"));
            Console.WriteLine(Invariant($"| {MemorySizes[i]} | {string.Join(" | ", cells)} | {peaks[3] / peaks[0]:F2} |"));
        }
    }

    /// <summary>The other end of <see cref="PrintMemory"/>: trains three steps and prints the bytes.</summary>
    public static void MeasureMemory(int size, int zeros)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        using StepUnderTest step = new(device, MemorySizes[size], zeros);
        for (int i = 0; i < 3; i++)
        {
            step.RunToEnd();
        }

        PeakMemory.Tell();
    }

    private static double PeakOf(int size, int zeros) => PeakMemory.Of(MemoryArgument, $"{size}", $"{zeros}");

    private static void Print(string name, double[] x, double[] milliseconds)
    {
        Console.WriteLine();
        Console.WriteLine($"| {name} | ms |");
        Console.WriteLine("|---|---|");
        for (int i = 0; i < x.Length; i++)
        {
            Console.WriteLine(Invariant($"| {x[i]:0.###} | {milliseconds[i]:F1} |"));
        }
    }

    private static string Label(ProductMethod method) => method switch
    {
        ProductMethod.Fastest => "fastest (the default)",
        ProductMethod.Sparse => "sparse",
        _ => "dense, zeros filled in",
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
