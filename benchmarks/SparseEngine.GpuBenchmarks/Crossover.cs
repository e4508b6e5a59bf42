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
    private static readonly int[] ScatteredZeros = [80, 85, 90, 95];
    private static readonly int[] BlockZeros = [30, 50, 65, 75, 85, 92];

    /// <summary>Prints the table, the smallest weights first.</summary>
    /// <param name="sparse">Multiplies by non-zeros.</param>
    /// <param name="dense">Fills the zeros in.</param>
    /// <param name="blockRows">Rows that share their zeros.</param>
    public static void Print(IlgpuDevice sparse, IlgpuDevice dense, int blockRows)
    {
        int[] levels = blockRows == 1 ? ScatteredZeros : BlockZeros;

        // Where rows share their columns, products differ: each is asked for by itself.
        SparseProduct[] all = Enum.GetValues<SparseProduct>();
        SparseProduct[][] products = blockRows == 1 ? [all] : [.. all.Select(one => new[] { one })];
        Side[] sides = [new(sparse), new(dense)];
        string columns = string.Concat(levels.Select(zeros => $" {zeros}%: sparse, dense ms |"));
        Console.WriteLine($"| weight | tokens | work | products |{columns} even at density |");
        Console.WriteLine($"|---|---|---|---|{string.Concat(levels.Select(_ => "---|"))}---|");
        foreach (int hidden in HiddenSizes)
        {
            PrintWeight(hidden, hidden);
            PrintWeight(4 * hidden, hidden);
            PrintWeight(hidden, 4 * hidden);
        }

        void PrintWeight(int rows, int columns)
        {
            CsrPattern[] patterns = [.. levels.Select(zeros => RandomMask.Create(rows, columns, zeros, blockRows, new Random(1)))];
            foreach (SparseProduct[] some in products)
            {
                PrintRows(rows, columns, some, levels, [.. patterns.Select(pattern => Times(sides, pattern, some))]);
            }
        }
    }

    /// <summary>Prints the rows of a weight.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="products">The products.</param>
    /// <param name="levels">Shares of zeros in percent.</param>
    /// <param name="times">For each of them and each number of tokens, the times of both sides.</param>
    private static void PrintRows(int rows, int columns, SparseProduct[] products, int[] levels, double[][][] times)
    {
        for (int i = 0; i < TokenCounts.Length; i++)
        {
            double[][] pairs = [.. times.Select(shares => shares[i])];
            string cells = string.Concat(pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $" {pair[0]:F3}, {pair[1]:F3} |")));
            double work = (double)rows * columns * TokenCounts[i];
            string row = string.Create(CultureInfo.InvariantCulture, $"| {rows}x{columns} | {TokenCounts[i]} | {work:0.0E0} |");
            Console.WriteLine($"{row} {string.Join(", ", products)} |{cells} {EvenAt(levels, pairs)} |");
        }
    }

    private static double[][] Times(Side[] sides, CsrPattern csr, SparseProduct[] products)
    {
        double[][] bySide = [.. sides.Select(side => side.Times(csr, products))];
        return [.. TokenCounts.Select((_, i) => bySide.Select(times => times[i]).ToArray())];
    }

    /// <summary>The density at which both take the same time, between those measured.</summary>
    private static string EvenAt(int[] levels, double[][] pairs)
    {
        double[] gains = [.. pairs.Select(pair => Math.Log(pair[1] / pair[0]))];
        for (int i = 0; i < gains.Length; i++)
        {
            if (gains[i] > 0)
            {
                double part = i == 0 ? 0 : gains[i] / (gains[i] - gains[i - 1]);
                double density = 1 - ((levels[i] - (i == 0 ? 0 : part * (levels[i] - levels[i - 1]))) / 100.0);
                return string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? "over " : "")}{density:F3}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"under {1 - (levels[^1] / 100.0):F3}");
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
            timing = new Timing(device, Runs, blockRows: 1);
            x = Operands.Random(device.Allocate<float>(length), new Random(1));
            y = device.Allocate<float>(length);
            dx = device.Allocate<float>(length);
        }

        /// <summary>The time of the products together for each number of tokens, in milliseconds.</summary>
        public double[] Times(CsrPattern csr, SparseProduct[] products)
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
                    Dictionary<SparseProduct, Action> actions = new()
                    {
                        [SparseProduct.Spmm] = () => device.Spmm(weight, input, output, null),
                        [SparseProduct.SpmmTransposed] = () => device.SpmmTransposed(weight, output, inputGradient, accumulate: false),
                        [SparseProduct.Sddmm] = () => device.Sddmm(pattern, output, input, gradient, accumulate: false),
                    };
                    Action[] chosen = [.. products.Select(product => actions[product])];
                    return timing.Median(() => Array.ForEach(chosen, action => action()));
                }),
            ];
        }
    }
}
