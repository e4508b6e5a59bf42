using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>From how many non-zeros on a dense product, zeros filled in, is faster than a sparse one.</summary>
/// <remarks>
/// Measured by <c>crossover</c> of benchmarks/SparseEngine.Benchmarks on two AVX2 cores (docs/performance.md); the ratio of the two kernels' speeds, which is what decides, is
/// about that of their loads to their multiply-adds at every width.
/// </remarks>
internal static class DenseCrossover
{
    // Fewer tokens do not repay filling in the zeros.
    private static readonly (int Tokens, double Spmm, double Transposed, double Sddmm)[] Densities =
    [
        (0, 1, 1, 1),
        (32, 0.60, 0.55, 0.60),
        (256, 0.60, 0.60, 0.55),
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
