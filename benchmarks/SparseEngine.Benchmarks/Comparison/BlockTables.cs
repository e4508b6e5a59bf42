using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>What non-zeros in blocks of four rows x 1 column gain over scattered ones, and dense products beside them, as a Markdown table.</summary>
internal static class BlockTables
{
    // Those of docs/better.md, and larger ones.
    private static readonly (int Rows, int Columns)[] Weights =
        [(128, 128), (512, 128), (128, 512), (768, 192), (192, 768), (2048, 512), (512, 2048)];

    private static readonly double[] Zeros = [0.50, 0.75, 0.90];

    /// <summary>Prints the medians of rounds in which all take turns.</summary>
    public static void Print(int[] tokenCounts)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount, method: ProductMethod.Sparse);
        Console.WriteLine(Invariant($"{device.Description}. GFLOP/s of non-zeros: scattered, in blocks of {RowQuads.Rows} x 1 (the ratio)."));
        Console.WriteLine();
        Console.WriteLine("| W | tokens | product | dense | 50% | 75% | 90% |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (int tokens in tokenCounts)
        {
            foreach ((int rows, int columns) in Weights)
            {
                LayerProducts[] layers =
                [
                    .. Zeros.SelectMany(zeros => new[]
                    {
                        new LayerProducts(device, rows, columns, tokens, zeros),
                        new LayerProducts(device, rows, columns, tokens, zeros, RowQuads.Rows),
                    }),
                ];
                foreach (SparseProduct product in Enum.GetValues<SparseProduct>())
                {
                    double[] seconds = Rounds.Medians(
                        [() => layers[0].Dense(product), .. layers.Select(layer => (Action)(() => layer.Sparse(product)))]);
                    double[] rates = [.. seconds.Select(time => layers[0].DenseFlops / time / 1e9)];
                    IEnumerable<string> cells = Zeros.Select((zeros, i) =>
                    {
                        (double scattered, double inBlocks) = ((1 - zeros) * rates[(2 * i) + 1], (1 - zeros) * rates[(2 * i) + 2]);
                        return Invariant($"{scattered:F0}, {inBlocks:F0} ({inBlocks / scattered:F2})");
                    });
                    Console.WriteLine(Invariant(
                        $"| {rows} x {columns} | {tokens} | {ProductTables.Name(product)} | {rates[0]:F0} | {string.Join(" | ", cells)} |"));
                }

                Array.ForEach(layers, layer => layer.Dispose());
            }
        }
    }
}
