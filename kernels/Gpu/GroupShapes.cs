using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The sizes of thread groups on one accelerator.</summary>
/// <param name="Threads">Threads in a group, a power of two.</param>
/// <param name="Lanes">Threads of a group along vectors of tokens, where the others run along rows.</param>
/// <param name="Teams">Teams in a group that multiplies sparse rows.</param>
/// <param name="TeamLanes">Threads of a team, along vectors of tokens.</param>
/// <param name="TokenLanes">Threads along single tokens.</param>
/// <param name="SquareLanes">Threads along columns of a dense product's tile.</param>
/// <param name="MaxGroups">Groups of an elementwise launch: enough to fill the accelerator.</param>
/// <param name="MaxTiles">Groups along tokens.</param>
/// <param name="MaxRanges">Groups along rows, chunks or shares of a sparse product.</param>
/// <param name="ChunkColumns">Columns whose input a group that multiplies sparse rows keeps in its shared memory.</param>
internal sealed record GroupShapes(
    int Threads, int Lanes, int Teams, int TeamLanes, int TokenLanes, int SquareLanes, int MaxGroups, int MaxTiles, int MaxRanges,
    int ChunkColumns = InputTile.StaticColumns)
{
    /// <summary>The most threads of a group, which sizes its shared memory.</summary>
    public const int MostThreads = 256;

    /// <summary>Bytes of shared memory that every GPU must have for a group, which the smallest tiles of sparse products fill.</summary>
    public const int SharedBytes = 48 << 10;

    /// <summary>The most teams of a group.</summary>
    public const int MostTeams = 32;

    /// <summary>Threads of a team on a GPU: a warp, so that teams with more to do hold up no other.</summary>
    public const int GpuTeamLanes = 32;

    /// <summary>Threads along columns of a dense product on a GPU.</summary>
    public const int GpuSquareLanes = 16;

    // A warp's 8 lanes of 16 bytes read whole 128-byte lines of 4 rows; its 32 lanes of 4 bytes read one line.
    public const int GpuLanes = 8;
    private const int GpuTokenLanes = 32;
    private const int GroupsPerMultiprocessor = 8;

    // More than most machines have cores; a constant, so that sums do not depend on the machine.
    private const int CpuGroups = 16;

    /// <summary>
    /// Each thread of the CPU accelerator is one of the system's, and they wait for each other at barriers: groups of one thread never do.
    /// </summary>
    public static GroupShapes Cpu(Accelerator accelerator) =>
        new(Threads: 1, Lanes: 1, Teams: 1, TeamLanes: 1, TokenLanes: 1, SquareLanes: 1, MaxGroups: CpuGroups, MaxTiles: CpuGroups, MaxRanges: 1);

    /// <summary>Large groups, as many as there is work for.</summary>
    public static GroupShapes Gpu(Accelerator accelerator)
    {
        int threads = MostThreads;
        while (threads > accelerator.MaxNumThreadsPerGroup)
        {
            threads /= 2;
        }

        return new GroupShapes(
            threads, GpuLanes, Math.Clamp(accelerator.MaxNumThreadsPerGroup / GpuTeamLanes, 1, MostTeams), GpuTeamLanes, GpuTokenLanes,
            GpuSquareLanes, GroupsPerMultiprocessor * accelerator.NumMultiprocessors, MaxTiles: int.MaxValue, MaxRanges: int.MaxValue,
            accelerator is CudaAccelerator cuda ? CudaSharedMemory.TileColumns(cuda) : InputTile.StaticColumns);
    }
}
