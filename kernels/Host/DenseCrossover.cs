using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>From how many non-zeros on a dense product, zeros filled in, is faster than a sparse one.</summary>
/// <remarks>
/// Measured by <c>crossover</c> of benchmarks/SparseEngine.Benchmarks on two AVX2 cores (docs/performance.md), and taken for the other widths, too: what decides is the ratio
/// of the kernels' loads to their multiply-adds, which is the same.
/// </remarks>
internal static class DenseCrossover
{
    // Fewer tokens do not repay filling in the zeros.
    private static readonly (int Tokens, double Spmm, double Transposed, double Sddmm)[] Densities =
    [
        (0, 1, 1, 1),
        (32, 0.66, 0.47, 0.47),
        (128, 0.85, 0.55, 0.62),
        (512, 0.65, 0.66, 0.56),
    ];

    /// <summary>The share of non-zeros up to which the sparse product is the faster one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="tokens">Tokens, a column of activations each.</param>
    public static double Density(SparseProduct product, int tokens)
    {
        (_, double spmm, double transposed, double sddmm) = Densities.Last(row => row.Tokens <= tokens);
        return product switch
        {
            SparseProduct.Spmm => spmm,
            SparseProduct.SpmmTransposed => transposed,
            _ => sddmm,
        };
    }
}
