using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine;

/// <summary>
/// Executes decoded PTX as a GPU does, one group after the other, and finds what a GPU would get wrong: accesses that are misaligned or outside
/// the arguments' memory, barriers that not all threads of a group reach, reads of shared memory that nobody wrote, and races.
/// </summary>
public static class Machine
{
    /// <summary>Executes a launch.</summary>
    /// <param name="program">The kernel.</param>
    /// <param name="grid">Its groups.</param>
    /// <param name="size">Threads of a group.</param>
    /// <param name="arguments">The kernel's arguments, as its PTX lays them out.</param>
    /// <param name="memory">The memory that they view.</param>
    /// <param name="counters">What counts, or null.</param>
    /// <param name="dynamicBytes">Bytes of a group's dynamic shared memory.</param>
    /// <exception cref="ArgumentException">A GPU cannot launch this.</exception>
    /// <exception cref="PtxFaultException">It does what a GPU gets wrong.</exception>
    public static void Run(
        Program program, Dimensions grid, Dimensions size, byte[] arguments, GlobalMemory memory, Counters? counters = null, int dynamicBytes = 0)
    {
        LaunchLimits.Check(program, grid, size, dynamicBytes);
        using Group group = new(program, size, grid, arguments, memory, dynamicBytes, counters);
        for (int i = 0; i < grid.Count; i++)
        {
            group.Run(grid.At(i));
        }
    }
}
