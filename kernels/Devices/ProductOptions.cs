namespace SparseEngine.Kernels.Devices;

/// <summary>How exactly dense products multiply, in PyTorch's words.</summary>
public enum MatmulPrecision
{
    /// <summary>In float32.</summary>
    Highest,

    /// <summary>In TF32: factors are rounded to 11 bits, sums are float32. Several times as fast on NVIDIA's GPUs since 2020, by cuBLAS.</summary>
    High,
}

/// <summary>How a device computes products.</summary>
public sealed record ProductOptions
{
    /// <summary>How the products of sparse weights are computed.</summary>
    public ProductMethod Method { get; init; }

    /// <summary>How exactly dense products multiply where cuBLAS computes them; all others are float32.</summary>
    public MatmulPrecision Matmul { get; init; }

    /// <summary>Whether dense products on CUDA are cuBLAS's where the machine has it, else all are this library's own.</summary>
    public bool UseCuBlas { get; init; } = true;

    /// <summary>Whether sparse products on CUDA keep as much of their input in shared memory as the GPU has room for, else 48 KiB a group.</summary>
    public bool UseLargeTiles { get; init; } = true;
}
