using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>From how many non-zeros on a dense product, zeros filled in, is faster than a sparse one.</summary>
/// <remarks>
/// Measured by <c>crossover</c> of benchmarks/SparseEngine.Benchmarks (docs/performance.md): on two Zen 4 cores,
/// for shapes whose figures lie around what is given. 128-bit vectors take those of AVX2.
/// </remarks>
internal static class DenseCrossover
{
    // Fewer than 32 tokens do not repay filling in the zeros.
    private static readonly (int Tokens, double Spmm, double Transposed, double Sddmm)[] Avx512 =
    [
        (0, 1, 1, 1),
        (32, 0.72, 0.85, 0.78),
        (128, 0.88, 0.97, 0.95),
        (512, 0.76, 0.76, 0.79),
    ];

    private static readonly (int Tokens, double Spmm, double Transposed, double Sddmm)[] Avx2 =
    [
        (0, 1, 1, 1),
        (32, 0.75, 0.50, 0.50),
        (128, 0.70, 0.65, 0.70),
        (512, 0.71, 0.70, 0.73),
    ];

    /// <summary>The share of non-zeros up to which the sparse product is the faster one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="tokens">Tokens, a column of activations each.</param>
    /// <param name="width">Floats in a vector.</param>
    public static double Density(SparseProduct product, int tokens, int width)
    {
        (int Tokens, double Spmm, double Transposed, double Sddmm)[] rows = width > 8 ? Avx512 : Avx2;

        // Asked for every product of every step: a query over the rows would allocate.
        int row = rows.Length - 1;
        while (rows[row].Tokens > tokens)
        {
            row--;
        }

        (_, double spmm, double transposed, double sddmm) = rows[row];
        return product switch
        {
            SparseProduct.Spmm => spmm,
            SparseProduct.SpmmTransposed => transposed,
            _ => sddmm,
        };
    }
}
