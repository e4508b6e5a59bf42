using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine;

/// <summary>What every GPU since compute capability 5 can launch, and of dynamic shared memory one of 9 or 10; the driver refuses more.</summary>
/// <remarks>NVIDIA: CUDA C++ programming guide, technical specifications per compute capability.</remarks>
internal static class LaunchLimits
{
    /// <summary>Threads of a group.</summary>
    public const int GroupThreads = 1024;

    private const int GroupDepth = 64;
    private const int GridHeight = 65_535;
    /// <summary>Shared memory of a multiprocessor and the most that a group may have of it.</summary>
    public const int MultiprocessorSharedBytes = 228 << 10, GroupSharedBytes = 227 << 10;

    private const int StaticSharedBytes = 48 << 10;
    private const int ArgumentBytes = 4096;

    /// <exception cref="ArgumentException">A GPU cannot launch this.</exception>
    public static void Check(Program program, Dimensions grid, Dimensions size, int dynamicBytes)
    {
        Check(program, "threads in a group", (long)size.X * size.Y * size.Z, 1, GroupThreads);
        Check(program, "threads along z", size.Z, 1, GroupDepth);
        Check(program, "groups along x", grid.X, 1, int.MaxValue);
        Check(program, "groups along y", grid.Y, 1, GridHeight);
        Check(program, "groups along z", grid.Z, 1, GridHeight);
        int staticBytes = program.Shared.Sum(variable => variable.End - variable.Start);
        Check(program, "bytes of static shared memory", staticBytes, 0, StaticSharedBytes);
        Check(program, "bytes of dynamic shared memory", dynamicBytes, 0, program.DynamicShared is null ? 0 : GroupSharedBytes - staticBytes);
        Check(program, "bytes of arguments", program.ParameterBytes, 0, ArgumentBytes);
    }

    private static void Check(Program program, string what, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{program.Name}: {value} {what}; a GPU launches {least} to {most}");
        }
    }
}
