using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>How threads of a one-dimensional launch share out work: each starts at its own index and strides by their number.</summary>
internal static class Work
{
    public static int First => (Grid.IdxX * Group.DimX) + Group.IdxX;

    public static int Stride => Grid.DimX * Group.DimX;
}
