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

    // The same where rows share their columns four by four, for each product, by the elements of what it makes.
    private static readonly (double Made, double Density)[] QuadsSpmm = [(0, 0.19), (1.5e6, 0.39), (2e6, 0.47), (4e6, 0.51)];
    private static readonly (double Made, double Density)[] QuadsTransposed = [(0, 0.07), (1.5e6, 0.12), (4e6, 0.19)];
    private static readonly (double Made, double Density)[] QuadsSddmm = [(0, 0.27), (5e5, 0.35), (2e6, 0.41)];

    /// <summary>The share of non-zeros up to which a product of a weight whose rows share their columns four by four is the faster one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="rows">The weight's rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="hasCuBlas">Whether cuBLAS computes the dense product.</param>
    /// <param name="precision">How exactly.</param>
    public static double DensityOfQuads(SparseProduct product, int rows, int columns, int tokens, bool hasCuBlas, MatmulPrecision precision)
    {
        if (!hasCuBlas || precision == MatmulPrecision.High)
        {
            return hasCuBlas ? CuBlasTensorFloat32 : OwnQuads;
        }

        return product switch
        {
            SparseProduct.Spmm => Find(QuadsSpmm, (double)rows * tokens),
            SparseProduct.SpmmTransposed => Find(QuadsTransposed, (double)columns * tokens),
            _ => Find(QuadsSddmm, (double)rows * columns),
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

        return Find(CuBlas, (double)elements * tokens);
    }

    private static double Find((double From, double Density)[] rows, double value)
    {
        // Asked for every product of every step: a query over the rows would allocate.
        int row = rows.Length - 1;
        while (rows[row].From > value)
        {
            row--;
        }

        return rows[row].Density;
    }
}
