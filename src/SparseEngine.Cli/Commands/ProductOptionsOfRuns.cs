using System.CommandLine;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Cli.Commands;

/// <summary>The options of commands that train: how products are computed.</summary>
internal static class ProductOptionsOfRuns
{
    /// <summary>The option --sparse_products.</summary>
    public static Option<ProductMethod> Method() => new("--sparse_products")
    {
        Description = "How sparse weights are multiplied: whichever is measured to be faster, non-zero by non-zero, or densely with zeros filled in.",
        HelpName = "fastest|sparse|dense",
        CustomParser = OptionValues.OneOf(("fastest", ProductMethod.Fastest), ("sparse", ProductMethod.Sparse), ("dense", ProductMethod.Dense)),
    };

    /// <summary>The option --gpu_matmul.</summary>
    public static Option<MatmulPrecision> Matmul() => new("--gpu_matmul")
    {
        Description = "With GPU: how dense products multiply; tf32 rounds their factors to 11 bits and needs NVIDIA's cuBLAS.",
        HelpName = "float32|tf32",
        CustomParser = OptionValues.OneOf(("float32", MatmulPrecision.Highest), ("tf32", MatmulPrecision.High)),
    };
}
