using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The shared memory that the tiles of a sampled product lie in, columns first and rows behind them, and the groups that have room for theirs beside
/// each other: the larger a share, the less of both inputs is read for each of its non-zeros.
/// </summary>
internal interface ISampleMemory
{
    /// <summary>The most rows of a share.</summary>
    static abstract int Rows { get; }

    /// <summary>The most threads of a group.</summary>
    static abstract int Threads { get; }

    /// <summary>Groups whose tiles a multiprocessor has room for.</summary>
    static abstract int GroupsPerMultiprocessor { get; }

    /// <summary>The most threads of a group that samples quads of rows: each keeps more sums.</summary>
    static abstract int QuadThreads { get; }

    /// <summary>Groups of those that a multiprocessor has registers for.</summary>
    static abstract int QuadGroups { get; }

    ArrayView<Float4> Take();
}

/// <summary>Of a size that the kernel is compiled with: 384 rows and columns, times 32 tokens of 4 bytes, are 48 KiB, on every device.</summary>
internal readonly struct StaticSampleMemory : ISampleMemory
{
    public static int Rows => 128;

    public static int Threads => GroupShapes.MostThreads;

    public static int GroupsPerMultiprocessor => 4;

    public static int QuadThreads => GroupShapes.MostThreads;

    public static int QuadGroups => 3;

    public ArrayView<Float4> Take() => SharedMemory.Allocate<Float4>((GpuSamples.ChunkColumns + 128) * SampleTile.Vectors);
}

/// <summary>Of the size that a launch asks for, 96 KiB, on CUDA alone.</summary>
internal readonly struct DynamicSampleMemory : ISampleMemory
{
    /// <summary>Vectors of both tiles.</summary>
    public static int Elements => (GpuSamples.ChunkColumns + Rows) * SampleTile.Vectors;

    public static int Rows => 512;

    public static int Threads => 2 * GroupShapes.MostThreads;

    public static int GroupsPerMultiprocessor => 2;

    public static int QuadThreads => 384;

    public static int QuadGroups => 2;

    public ArrayView<Float4> Take() => SharedMemory.GetDynamic<Float4>();
}
