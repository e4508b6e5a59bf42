using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>How fast multiply-adds are where nothing holds them up, and how near the sparse products come, as Markdown tables.</summary>
internal static class FloorTables
{
    // A tile that fits every L1 cache of the last ten years with room to spare, or just so.
    private const int UsualTile = 32 << 10;

    private static readonly (int Rows, int Columns)[] Weights = [(2048, 512), (512, 2048), (768, 768), (3072, 768), (4096, 4096)];
    private static readonly double[] Zeros = [0.50, 0.75, 0.90, 0.95];
    private static readonly SparseProduct[] Products = Enum.GetValues<SparseProduct>();

    /// <summary>The loops at every vector width, on one thread and on all.</summary>
    public static void PrintLoops()
    {
        SimdWidth[] widths = [.. Enum.GetValues<SimdWidth>().Where(width => width <= HostDevice.BestWidth).OrderDescending()];
        int[] tiles = [.. new[] { UsualTile, CacheSizes.Level1, 64 << 10, 96 << 10, 256 << 10 }.Distinct().Order()];
        int cores = Environment.ProcessorCount;
        using WorkerPool one = new(1);
        using WorkerPool all = new(cores);
        Console.WriteLine(Invariant($"{cores} cores, {CacheSizes.Level1 >> 10} KiB of L1 and {CacheSizes.Level2 >> 10} KiB of L2 each. GFLOP/s."));
        Console.WriteLine();
        IEnumerable<string> columns = widths.Select(width => Invariant($"{32 * (int)width}-bit, 1 thread | {cores} threads"));
        Console.WriteLine($"| multiply-adds | {string.Join(" | ", columns)} |");
        Console.WriteLine($"|---|{string.Concat(widths.Select(_ => "---|---|"))}");
        FloorLoops[] loops = [.. widths.Select(FloorLoops.Of)];
        PrintRow("in registers", (ofWidth, pool) => ofWidth.Registers(pool));
        foreach (int tile in tiles)
        {
            PrintRow(
                Invariant($"each with a vector from random rows within {tile >> 10} KiB{(tile == CacheSizes.Level1 ? ", the L1 cache" : "")}"),
                (ofWidth, pool) => ofWidth.Loads(pool, tile));
        }

        void PrintRow(string name, Action<FloorLoops, WorkerPool> loop)
        {
            (FloorLoops Loops, WorkerPool Pool)[] cells = [.. loops.SelectMany(ofWidth => new[] { (ofWidth, one), (ofWidth, all) })];
            double[] seconds = Rounds.Medians([.. cells.Select(cell => (Action)(() => loop(cell.Loops, cell.Pool)))]);
            IEnumerable<string> rates = cells.Select(
                (cell, i) => Invariant($"{cell.Loops.FlopsOfPart * cell.Pool.Workers / seconds[i] / 1e9:F0}"));
            Console.WriteLine($"| {name} | {string.Join(" | ", rates)} |");
        }
    }

    /// <summary>The sparse products at the widest vectors, as shares of the rate of multiply-adds with a load each, measured beside them.</summary>
    /// <param name="tokenCounts">Tokens.</param>
    public static void PrintProducts(int[] tokenCounts)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount, method: ProductMethod.Sparse);
        FloorLoops loops = FloorLoops.Of(HostDevice.BestWidth);
        double flopsOfLoop = loops.FlopsOfPart * device.Cores;
        Console.WriteLine(Invariant(
            $"{device.Description}. GFLOP/s of multiply-adds with a vector each from {UsualTile >> 10} KiB; shares of that (and GFLOP/s)."));
        Console.WriteLine();
        Console.WriteLine("| W | tokens | product | loop | 50% | 75% | 90% | 95% |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (int tokens in tokenCounts)
        {
            foreach ((int rows, int columns) in Weights)
            {
                LayerProducts[] layers = [.. Zeros.Select(zeros => new LayerProducts(device, rows, columns, tokens, zeros))];
                foreach (SparseProduct product in Products)
                {
                    double[] seconds = Rounds.Medians(
                        [() => loops.Loads(device.Pool, UsualTile), .. layers.Select(layer => (Action)(() => layer.Sparse(product)))]);
                    double loop = flopsOfLoop / seconds[0] / 1e9;
                    IEnumerable<string> cells = Zeros
                        .Select((zeros, i) => (1 - zeros) * layers[0].DenseFlops / seconds[i + 1] / 1e9)
                        .Select(rate => Invariant($"{rate / loop:F2} ({rate:F0})"));
                    Console.WriteLine(Invariant(
                        $"| {rows} x {columns} | {tokens} | {ProductTables.Name(product)} | {loop:F0} | {string.Join(" | ", cells)} |"));
                }

                Array.ForEach(layers, layer => layer.Dispose());
            }
        }
    }
}
