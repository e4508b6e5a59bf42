using System.Globalization;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>The products of layers beside OpenBLAS, and the densities from which on dense products are faster, as Markdown tables.</summary>
internal static class ProductTables
{
    private static readonly (int Rows, int Columns)[] Weights = [(2048, 512), (512, 2048), (768, 768), (3072, 768), (4096, 4096)];
    private static readonly (int Rows, int Columns, int Tokens)[] Sizes =
    [
        (256, 256, 256), (512, 512, 512), (768, 768, 1024), (2048, 512, 2048),
        (512, 2048, 2048), (3072, 768, 1024), (256, 512, 2048), (2048, 2048, 2048),
    ];

    private static readonly int[] Tokens = [512, 2048, 37];
    private static readonly double[] Zeros = [0.50, 0.75, 0.90, 0.95];
    private static readonly SparseProduct[] Products = Enum.GetValues<SparseProduct>();

    /// <summary>Sparse products against OpenBLAS's dense product of the same shape: how many times as fast, and GFLOP/s.</summary>
    /// <param name="device">What computes the sparse products.</param>
    /// <param name="tokenCounts">Tokens; null for 512, 2048 and 37.</param>
    public static void PrintSparse(HostDevice device, int[]? tokenCounts)
    {
        using OpenBlasProcess blas = new(device.Cores);
        Console.WriteLine($"{device.Description}; {blas.Description}. Times as fast as OpenBLAS's dense product (and GFLOP/s).");
        Console.WriteLine();
        Console.WriteLine("| W | tokens | product | OpenBLAS | 50% | 75% | 90% | 95% |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (int tokens in tokenCounts ?? Tokens)
        {
            foreach ((int rows, int columns) in Weights)
            {
                LayerProducts[] layers = [.. Zeros.Select(zeros => new LayerProducts(device, rows, columns, tokens, zeros))];
                foreach (SparseProduct product in Products)
                {
                    double[] seconds = Rounds.Medians(
                        [
                            () => blas.Seconds(product, rows, columns, tokens),
                            .. layers.Select(layer => (Func<double>)(() => Rounds.Sample(() => layer.Sparse(product)))),
                        ]);
                    double flops = layers[0].DenseFlops;
                    IEnumerable<string> cells =
                        Zeros.Select((zeros, i) => Invariant($"{seconds[0] / seconds[i + 1]:F2} ({(1 - zeros) * flops / seconds[i + 1] / 1e9:F0})"));
                    Console.WriteLine(Invariant(
                        $"| {rows} x {columns} | {tokens} | {Name(product)} | {flops / seconds[0] / 1e9:F0} | {string.Join(" | ", cells)} |"));
                }

                Array.ForEach(layers, layer => layer.Dispose());
            }
        }
    }

    /// <summary>Dense products against OpenBLAS: GFLOP/s of both and their ratio.</summary>
    /// <param name="device">What computes ours.</param>
    /// <param name="sizes">Weights and tokens; null for those of the documentation.</param>
    public static void PrintDense(HostDevice device, (int Rows, int Columns, int Tokens)[]? sizes)
    {
        using OpenBlasProcess blas = new(device.Cores);
        Console.WriteLine($"{device.Description}; {blas.Description}. GFLOP/s ours / OpenBLAS = ratio.");
        Console.WriteLine();
        Console.WriteLine("| W | tokens | W x | W^T dy | dy x^T |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach ((int rows, int columns, int tokens) in sizes ?? Sizes)
        {
            using LayerProducts layer = new(device, rows, columns, tokens, zeros: 0.99);
            IEnumerable<string> cells = Products.Select(product =>
            {
                double[] seconds = Rounds.Medians(
                    () => Rounds.Sample(() => layer.Dense(product)), () => blas.Seconds(product, rows, columns, tokens));
                return Invariant(
                    $"{layer.DenseFlops / seconds[0] / 1e9:F0} / {layer.DenseFlops / seconds[1] / 1e9:F0} = {seconds[1] / seconds[0]:F2}");
            });
            Console.WriteLine(Invariant($"| {rows} x {columns} | {tokens} | {string.Join(" | ", cells.ToArray())} |"));
        }
    }

    /// <summary>The products of a layer at every vector width of this machine, against the widest.</summary>
    public static void PrintWidths()
    {
        SimdWidth[] widths = [.. Enum.GetValues<SimdWidth>().Where(width => width <= HostDevice.BestWidth).OrderDescending()];
        HostDevice[] devices = [.. widths.Select(width => HostDevice.Create(Environment.ProcessorCount, width, ProductMethod.Sparse))];
        Console.WriteLine($"{string.Join("; ", devices.Select(device => device.Description))}. W 2048 x 512, 512 tokens: "
            + "GFLOP/s, and how many times the widest's.");
        Console.WriteLine();
        Console.WriteLine($"| product | zeros | {string.Join(" | ", widths.Select(width => $"{32 * (int)width}-bit"))} |");
        Console.WriteLine($"|---|---|{string.Concat(widths.Select(_ => "---|"))}");
        foreach (double zeros in Zeros)
        {
            LayerProducts[] layers = [.. devices.Select(device => new LayerProducts(device, 2048, 512, 512, zeros))];
            foreach (SparseProduct product in Products)
            {
                PrintRow(Name(product), zeros, (1 - zeros) * layers[0].DenseFlops, layers, layer => layer.Sparse(product));
                if (zeros == Zeros[0])
                {
                    PrintRow($"dense, as {Name(product)}", 0, layers[0].DenseFlops, layers, layer => layer.Dense(product));
                }
            }

            Array.ForEach(layers, layer => layer.Dispose());
        }

        Array.ForEach(devices, device => device.Dispose());

        static void PrintRow(string name, double zeros, double flops, LayerProducts[] layers, Action<LayerProducts> run)
        {
            double[] seconds = Rounds.Medians([.. layers.Select(layer => (Action)(() => run(layer)))]);
            IEnumerable<string> cells = seconds.Select(time => Invariant($"{flops / time / 1e9:F0} ({seconds[0] / time:F2})"));
            Console.WriteLine(Invariant($"| {name} | {100 * zeros:F0}% | {string.Join(" | ", cells)} |"));
        }
    }

    /// <summary>For each product the density at which computing it sparsely takes as long as filling in the zeros and computing it densely.</summary>
    public static void PrintCrossover(SimdWidth width)
    {
        using HostDevice sparse = HostDevice.Create(Environment.ProcessorCount, width, ProductMethod.Sparse);
        using HostDevice dense = HostDevice.Create(Environment.ProcessorCount, width, ProductMethod.Dense);
        Console.WriteLine($"{sparse.Description}. Non-zeros at which sparse and filled-in products take as long.");
        Console.WriteLine();
        Console.WriteLine("| W | tokens | SpMM | transposed SpMM | SDDMM |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (int tokens in new[] { 1, 8, 37, 128, 512, 2048 })
        {
            foreach ((int rows, int columns) in new[] { (512, 512), (2048, 512), (512, 2048), (3072, 768) })
            {
                IEnumerable<string> cells = Products
                    .Select(product => Invariant($"{100 * Crossover(sparse, dense, rows, columns, tokens, product):F0}%"));
                Console.WriteLine(Invariant($"| {rows} x {columns} | {tokens} | {string.Join(" | ", cells)} |"));
            }
        }
    }

    /// <summary>A product's name for people.</summary>
    public static string Name(SparseProduct product) => product switch
    {
        SparseProduct.Spmm => "SpMM",
        SparseProduct.SpmmTransposed => "transposed SpMM",
        _ => "SDDMM",
    };

    // Sparse time grows with the density, filled-in time barely: where their lines through 30% and 80% of non-zeros meet.
    private static double Crossover(HostDevice sparse, HostDevice dense, int rows, int columns, int tokens, SparseProduct product)
    {
        const double Few = 0.3;
        const double Many = 0.8;
        using LayerProducts sparseFew = new(sparse, rows, columns, tokens, 1 - Few);
        using LayerProducts sparseMany = new(sparse, rows, columns, tokens, 1 - Many);
        using LayerProducts denseFew = new(dense, rows, columns, tokens, 1 - Few);
        using LayerProducts denseMany = new(dense, rows, columns, tokens, 1 - Many);
        double[] t = Rounds.Medians(
            () => sparseFew.Sparse(product), () => sparseMany.Sparse(product), () => denseFew.Sparse(product), () => denseMany.Sparse(product));
        double slope = (t[1] - t[0] - (t[3] - t[2])) / (Many - Few);
        return slope <= 0 ? 1 : Math.Clamp(Few + ((t[2] - t[0]) / slope), 0, 1);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
