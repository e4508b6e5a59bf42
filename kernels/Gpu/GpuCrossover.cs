using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>From how many non-zeros on a GPU multiplies a weight faster with its zeros filled in.</summary>
/// <remarks>
/// Measured on an NVIDIA H200 (docs/gpu.md): the three products of a layer together, at shapes from 512 x 512 to 8192 x 2048, 2048 and 8192 tokens
/// (below 5e8 from 256 x 256 on, by earlier kernels).
/// The figures are ratios of rates, which are about the same on NVIDIA's other GPUs, where a sparse product is bound by shared memory and a dense one
/// by arithmetic.
/// </remarks>
internal static class GpuCrossover
{
    // Work is the weight's elements times tokens. Small products leave sparse kernels without enough groups before they do so to cuBLAS.
    private static readonly (double Work, double Density)[] CuBlas = [(0, 0.04), (5e8, 0.06), (1e9, 0.11), (3e9, 0.15), (1e10, 0.18)];

    // cuBLAS in TF32 is ahead of the sparse products up to 95% zeros, beyond which nothing was measured.
    private const double CuBlasTensorFloat32 = 0.03;

    // The kernels' own dense product has 40% of cuBLAS's rate.
    private const double Own = 0.5;
    private const double OwnQuads = 0.8;

    // The same where rows share their columns four by four, for each product.
    private static readonly (double Work, double Spmm, double Transposed, double Sddmm)[] CuBlasQuads =
    [
        (0, 0.1, 0.05, 0.1),
        (3e9, 0.5, 0.25, 0.4),
    ];

    /// <summary>The share of non-zeros up to which a product of quads is the faster one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="elements">Elements of the weight, zeros included.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="hasCuBlas">Whether cuBLAS computes the dense product.</param>
    /// <param name="precision">How exactly.</param>
    public static double DensityOfQuads(SparseProduct product, long elements, int tokens, bool hasCuBlas, MatmulPrecision precision)
    {
        if (!hasCuBlas || precision == MatmulPrecision.High)
        {
            return hasCuBlas ? CuBlasTensorFloat32 : OwnQuads;
        }

        double work = (double)elements * tokens;
        int row = CuBlasQuads.Length - 1;
        while (CuBlasQuads[row].Work > work)
        {
            row--;
        }

        (_, double spmm, double transposed, double sddmm) = CuBlasQuads[row];
        return product switch
        {
            SparseProduct.Spmm => spmm,
            SparseProduct.SpmmTransposed => transposed,
            _ => sddmm,
        };
    }

    /// <summary>The share of non-zeros up to which the sparse product is the faster one.</summary>
    /// <param name="elements">Elements of the weight, zeros included.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="hasCuBlas">Whether cuBLAS computes the dense product.</param>
    /// <param name="precision">How exactly.</param>
    public static double Density(long elements, int tokens, bool hasCuBlas, MatmulPrecision precision)
    {
        if (!hasCuBlas || precision == MatmulPrecision.High)
        {
            return hasCuBlas ? CuBlasTensorFloat32 : Own;
        }

        double work = (double)elements * tokens;
        int row = CuBlas.Length - 1;
        while (CuBlas[row].Work > work)
        {
            row--;
        }

        return CuBlas[row].Density;
    }
}
