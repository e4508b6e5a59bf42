using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>A group of threads, one after the other of a launch: its warps' registers and its shared memory.</summary>
public sealed unsafe class Group : IDisposable
{
    private readonly byte* registers;
    private readonly Warp[] warps;
    private readonly Flow[] flows;

    /// <param name="program">What it executes.</param>
    /// <param name="size">Its threads.</param>
    /// <param name="grid">Groups of the launch.</param>
    /// <param name="arguments">The kernel's arguments.</param>
    /// <param name="memory">What it may touch.</param>
    /// <param name="dynamicBytes">Bytes of its dynamic shared memory.</param>
    /// <param name="counters">What counts, or null.</param>
    public Group(
        Program program, Dimensions size, Dimensions grid, byte[] arguments, GlobalMemory memory, int dynamicBytes, Counters? counters)
    {
        Program = program;
        Size = size;
        Grid = grid;
        Arguments = arguments;
        Memory = memory;
        DynamicBytes = dynamicBytes;
        Counters = counters;
        SharedVariables = program.DynamicShared is { } start ? [.. program.Shared, (start, start + dynamicBytes)] : program.Shared;
        Shared = new SharedMemory(SharedVariables.Length == 0 ? 0 : SharedVariables[^1].End, Order);
        warps = new Warp[(size.Count + Warp.Lanes - 1) / Warp.Lanes];
        flows = new Flow[warps.Length];

        // A vector of spare lanes takes the results of instructions that not all lanes execute.
        int bytes = program.Registers.Bytes + (sizeof(ulong) * Warp.Lanes);
        registers = (byte*)NativeMemory.AlignedAlloc((nuint)bytes * (nuint)warps.Length, (nuint)Vector512<byte>.Count);
        for (int i = 0; i < warps.Length; i++)
        {
            byte* own = registers + ((long)bytes * i);
            warps[i] = new Warp(this, i, own, own + program.Registers.Bytes);
            SpecialRegisters.Initialize(warps[i]);
        }
    }

    public Program Program { get; }

    public Dimensions Size { get; }

    public Dimensions Grid { get; }

    /// <summary>Which group of the launch it is now.</summary>
    public Dimensions Index { get; private set; }

    public byte[] Arguments { get; }

    public GlobalMemory Memory { get; }

    /// <summary>Bytes of its dynamic shared memory.</summary>
    public int DynamicBytes { get; }

    public SharedMemory Shared { get; }

    /// <summary>Its variables as ranges of its shared memory.</summary>
    public (int Start, int End)[] SharedVariables { get; }

    /// <summary>Which accesses to memory are before which.</summary>
    public AccessOrder Order { get; } = new();

    public Counters? Counters { get; }

    /// <summary>Executes one group of the launch.</summary>
    /// <exception cref="PtxFaultException">It does what a GPU gets wrong.</exception>
    public void Run(Dimensions index)
    {
        Index = index;
        Order.StartGroup();
        foreach (Warp warp in warps)
        {
            SpecialRegisters.SetGroup(warp);
            warp.Start();
        }

        bool waiting;
        do
        {
            for (int i = 0; i < warps.Length; i++)
            {
                flows[i] = warps[i].Run();
            }

            int ended = Array.IndexOf(flows, Flow.Ended);
            int waits = Array.IndexOf(flows, Flow.Barrier);
            waiting = waits >= 0;
            if (waiting && ended >= 0)
            {
                Terminator barrier = warps[waits].WaitsAt!;
                string what = $"waits at a barrier that thread {warps[ended].Thread(0)} never reaches: it has ended";
                throw warps[waits].Fault(barrier.Line, barrier.Text, 0, what);
            }

            Order.StartPhase();
        }
        while (waiting);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(registers);
        Shared.Dispose();
    }
}
