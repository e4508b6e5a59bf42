using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine;

/// <summary>What every GPU since compute capability 5 can launch; the driver refuses more.</summary>
/// <remarks>NVIDIA: CUDA C++ programming guide, technical specifications per compute capability.</remarks>
internal static class LaunchLimits
{
    /// <summary>Threads of a group.</summary>
    public const int GroupThreads = 1024;

    private const int GroupDepth = 64;
    private const int GridHeight = 65_535;
    private const int SharedBytes = 48 << 10;
    private const int ArgumentBytes = 4096;

    /// <exception cref="ArgumentException">A GPU cannot launch this.</exception>
    public static void Check(Program program, Dimensions grid, Dimensions size)
    {
        Check(program, "threads in a group", (long)size.X * size.Y * size.Z, 1, GroupThreads);
        Check(program, "threads along z", size.Z, 1, GroupDepth);
        Check(program, "groups along x", grid.X, 1, int.MaxValue);
        Check(program, "groups along y", grid.Y, 1, GridHeight);
        Check(program, "groups along z", grid.Z, 1, GridHeight);
        Check(program, "bytes of shared memory", program.Shared.Sum(variable => variable.End - variable.Start), 0, SharedBytes);
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
