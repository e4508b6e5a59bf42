using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The shared memory that an <see cref="InputTile"/> or a <see cref="WideTile"/> lies in.</summary>
internal interface ITileMemory
{
    /// <summary>The most teams of a group.</summary>
    static abstract int Teams { get; }

    /// <summary>Groups whose tiles a multiprocessor has room for.</summary>
    static abstract int GroupsPerMultiprocessor { get; }

    ArrayView<Float4> Take();
}

/// <summary>Of a size that the kernel is compiled with: up to 48 KiB, on every device.</summary>
internal readonly struct StaticTileMemory : ITileMemory
{
    public static int Teams => 16;

    public static int GroupsPerMultiprocessor => 2;

    public ArrayView<Float4> Take() => SharedMemory.Allocate<Float4>((InputTile.StaticColumns + 1) * GroupShapes.GpuTeamLanes);
}

/// <summary>
/// Of the size that a launch asks for, on CUDA alone: in ILGPU's OpenCL C its address lies in a variable that all groups share, which no compiler for
/// OpenCL accepts.
/// </summary>
internal readonly struct DynamicTileMemory : ITileMemory
{
    public static int Teams => GroupShapes.MostTeams;

    public static int GroupsPerMultiprocessor => 1;

    public ArrayView<Float4> Take() => SharedMemory.GetDynamic<Float4>();
}
