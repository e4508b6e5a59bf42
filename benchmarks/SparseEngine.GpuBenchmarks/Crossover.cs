using System.Globalization;
using SparseEngine.Benchmarks;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.GpuBenchmarks;

/// <summary>
/// Up to which share of non-zeros the three products of a layer, one after the other as in a step, take less time by non-zeros than with the zeros
/// filled in: what GpuCrossover holds. A row for each weight of a decoder and number of tokens.
/// </summary>
internal static class Crossover
{
    private const int Runs = 7;
    private static readonly int[] HiddenSizes = [512, 768, 1024, 2048];
    private static readonly int[] TokenCounts = [2048, 8192];
    private static readonly int[] Zeros = [80, 85, 90, 95];

    /// <summary>Prints the table, the smallest weights first.</summary>
    /// <param name="sparse">Multiplies by non-zeros.</param>
    /// <param name="dense">Fills the zeros in.</param>
    public static void Print(IlgpuDevice sparse, IlgpuDevice dense)
    {
        Side[] sides = [new(sparse), new(dense)];
        Console.WriteLine($"| weight | tokens | work |{string.Concat(Zeros.Select(zeros => $" {zeros}%: sparse, dense ms |"))} even at density |");
        Console.WriteLine($"|---|---|---|{string.Concat(Zeros.Select(_ => "---|"))}---|");
        foreach (int hidden in HiddenSizes)
        {
            PrintRows(sides, hidden, hidden);
            PrintRows(sides, 4 * hidden, hidden);
            PrintRows(sides, hidden, 4 * hidden);
        }
    }

    private static void PrintRows(Side[] sides, int rows, int columns)
    {
        // For each share of zeros and number of tokens, the times of both sides.
        double[][][] times = [.. Zeros.Select(zeros => Times(sides, rows, columns, zeros))];
        for (int i = 0; i < TokenCounts.Length; i++)
        {
            double[][] pairs = [.. times.Select(shares => shares[i])];
            string cells = string.Concat(pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $" {pair[0]:F3}, {pair[1]:F3} |")));
            double work = (double)rows * columns * TokenCounts[i];
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| {rows}x{columns} | {TokenCounts[i]} | {work:0.0E0} |{cells} {EvenAt(pairs)} |"));
        }
    }

    private static double[][] Times(Side[] sides, int rows, int columns, int zeros)
    {
        Random random = new(1);
        bool[] keep = new bool[rows * columns];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = random.Next(100) >= zeros;
        }

        CsrPattern csr = CsrPattern.FromMask(rows, columns, keep);
        double[][] bySide = [.. sides.Select(side => side.Times(csr))];
        return [.. TokenCounts.Select((_, i) => bySide.Select(times => times[i]).ToArray())];
    }

    /// <summary>The density at which both take the same time, between those measured.</summary>
    private static string EvenAt(double[][] pairs)
    {
        double[] gains = [.. pairs.Select(pair => Math.Log(pair[1] / pair[0]))];
        for (int i = 0; i < gains.Length; i++)
        {
            if (gains[i] > 0)
            {
                double part = i == 0 ? 0 : gains[i] / (gains[i] - gains[i - 1]);
                double density = 1 - ((Zeros[i] - (i == 0 ? 0 : part * (Zeros[i] - Zeros[i - 1]))) / 100.0);
                return string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? "over " : "")}{density:F3}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"under {1 - (Zeros[^1] / 100.0):F3}");
    }

    /// <summary>A device with activations for all weights.</summary>
    private sealed class Side
    {
        private readonly IlgpuDevice device;
        private readonly Timing timing;
        private readonly DeviceBuffer<float> x;
        private readonly DeviceBuffer<float> y;
        private readonly DeviceBuffer<float> dx;

        public Side(IlgpuDevice device)
        {
            int length = 4 * HiddenSizes[^1] * TokenCounts[^1];
            this.device = device;
            timing = new Timing(device, Runs);
            x = Operands.Random(device.Allocate<float>(length), new Random(1));
            y = device.Allocate<float>(length);
            dx = device.Allocate<float>(length);
        }

        /// <summary>The time of the three products for each number of tokens, in milliseconds.</summary>
        public double[] Times(CsrPattern csr)
        {
            using SparsePattern pattern = new DataflowScheduler(device).Schedule(csr);
            using DeviceBuffer<float> values = Operands.Random(device.Allocate<float>(csr.NonZeros), new Random(2));
            using DeviceBuffer<float> gradient = device.Allocate<float>(csr.NonZeros);
            CsrMatrix weight = new(pattern, values);
            return
            [
                .. TokenCounts.Select(tokens =>
                {
                    DeviceMatrix input = new(x, 0, csr.ColumnCount, tokens, tokens);
                    DeviceMatrix output = new(y, 0, csr.Rows, tokens, tokens);
                    DeviceMatrix inputGradient = new(dx, 0, csr.ColumnCount, tokens, tokens);
                    return timing.Median(() =>
                    {
                        device.Spmm(weight, input, output, null);
                        device.SpmmTransposed(weight, output, inputGradient, accumulate: false);
                        device.Sddmm(pattern, output, input, gradient, accumulate: false);
                    });
                }),
            ];
        }
    }
}
