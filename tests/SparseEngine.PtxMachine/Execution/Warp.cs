using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>32 threads that execute together. Its registers hold a lane of each.</summary>
public sealed unsafe class Warp
{
    /// <summary>Threads of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>The mask of all lanes.</summary>
    public const uint Full = uint.MaxValue;

    private readonly byte* registers;
    private readonly byte* scratch;
    private readonly Reconvergence paths = new();

    public Warp(Group group, int index, byte* registers, byte* scratch)
    {
        Group = group;
        Index = index;
        this.registers = registers;
        this.scratch = scratch;
        int threads = Math.Min(Lanes, group.Size.Count - (index * Lanes));
        Threads = threads == Lanes ? Full : (1u << threads) - 1;
    }

    public Group Group { get; }

    /// <summary>Its number in the group.</summary>
    public int Index { get; }

    /// <summary>The lanes that hold threads: all but in the last warp of a group.</summary>
    public uint Threads { get; }

    /// <summary>The lanes that execute.</summary>
    public uint Mask { get; set; }

    /// <summary>The block to execute next.</summary>
    public int Next => paths.Next;

    /// <summary>The barrier where its threads wait for the group's other warps.</summary>
    public Terminator? WaitsAt { get; set; }

    /// <summary>Puts all threads at the start of the program.</summary>
    public void Start()
    {
        paths.Start(Threads);
        Mask = Threads;
    }

    /// <summary>Executes until all threads wait at a barrier or have ended.</summary>
    public Flow Run()
    {
        Block[] blocks = Group.Program.Blocks;
        Counters? counters = Group.Counters;
        while (true)
        {
            Block block = blocks[paths.Next];
            counters?.Enter(block, Mask);
            foreach (Instruction instruction in block.Body)
            {
                instruction.Run(this);
            }

            Flow flow = block.End.Run(this, block);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }
    }

    /// <summary>All active lanes go on at a block.</summary>
    public Flow GoTo(int block)
    {
        Mask = paths.GoTo(Mask, block);
        return Mask == 0 ? Flow.Ended : Flow.Next;
    }

    /// <summary>Some lanes go on at one block, the others at another; all meet again at <paramref name="rejoin"/>.</summary>
    public void Part(uint taken, int target, int otherwise, int rejoin) => Mask = paths.Part(Mask, taken, target, otherwise, rejoin);

    /// <summary>Ends the active lanes' threads.</summary>
    public Flow End()
    {
        Mask = paths.End(Mask);
        return Mask == 0 ? Flow.Ended : Flow.Next;
    }

    /// <summary>The lanes of a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Read<T>(int register)
        where T : unmanaged => (T*)(registers + register);

    /// <summary>Where the lanes of a result go, until <see cref="Commit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Target<T>(int register)
        where T : unmanaged => (T*)(Mask == Full ? registers + register : scratch);

    /// <summary>Puts the active lanes of a result into its register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Commit<T>(int register)
        where T : unmanaged
    {
        if (Mask != Full)
        {
            Blend<T>(register);
        }
    }

    /// <summary>The lanes in which a predicate holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Predicate(int register) => *(uint*)(registers + register);

    /// <summary>Sets the active lanes of a predicate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetPredicate(int register, uint lanes)
    {
        uint* target = (uint*)(registers + register);
        *target = (*target & ~Mask) | (lanes & Mask);
    }

    /// <summary>The thread of a lane.</summary>
    public Dimensions Thread(int lane) => Group.Size.At((Index * Lanes) + lane);

    /// <summary>The error of a lane at an instruction.</summary>
    public PtxFaultException Fault(Instruction instruction, int lane, string what) => Fault(instruction.Line, instruction.Text, lane, what);

    /// <summary>The error of a lane at a line.</summary>
    public PtxFaultException Fault(int line, string text, int lane, string what)
    {
        string kernel = Group.Program.Name;
        return new(kernel, line, $"{kernel}: PTX line {line}, '{text}': thread {Thread(lane)} of group {Group.Index} {what}");
    }

    private void Blend<T>(int register)
        where T : unmanaged
    {
        T* from = (T*)scratch;
        T* to = Read<T>(register);
        for (int i = 0; i < Lanes; i += Vector512<T>.Count)
        {
            Vector512.ConditionalSelect(LaneMask.Of<T>(Mask, i), Vector512.Load(from + i), Vector512.Load(to + i)).Store(to + i);
        }
    }
}
