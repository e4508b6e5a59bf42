using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>
/// Memory that a launch may touch, with a shadow that knows which access of the launch last wrote and read each of its parts: it finds races
/// between threads of a group and between groups.
/// </summary>
public sealed unsafe class GlobalRange : IDisposable
{
    private const string Name = "memory";

    // Below the accesses of all phases: several groups, or atomic operations.
    private const uint SeveralGroups = 1;
    private const uint Atomic = 2;

    private readonly int part;
    private readonly uint* writers;
    private readonly uint* readers;

    /// <param name="start">Its first byte's address.</param>
    /// <param name="end">The address behind its last.</param>
    /// <param name="part">Bytes of the parts that threads may write side by side.</param>
    /// <param name="buffer">The address of its buffer.</param>
    public GlobalRange(ulong start, ulong end, int part, ulong buffer)
    {
        Start = start;
        End = end;
        Buffer = buffer;
        this.part = part;
        nuint parts = (nuint)((end - start) / (ulong)part) + 1;
        writers = (uint*)NativeMemory.AllocZeroed(parts, sizeof(uint));
        readers = (uint*)NativeMemory.AllocZeroed(parts, sizeof(uint));
    }

    public ulong Start { get; }

    public ulong End { get; }

    /// <summary>The address of its buffer, which a GPU's driver aligns to more than a line.</summary>
    public ulong Buffer { get; }

    /// <summary>Notes that a thread reads bytes.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public string? Read(ulong place, int bytes, int thread, AccessOrder order)
    {
        uint first = (uint)((place - Start) / (uint)part);
        uint self = order.Of(thread);
        if (bytes == part * Vector128<uint>.Count && Vector128.EqualsAll(Vector128.Load(writers + first), Vector128<uint>.Zero))
        {
            // What nobody writes is read over and over.
            Vector128<uint> read = Vector128.Load(readers + first);
            if (Vector128.EqualsAll(read, Vector128.Create(SeveralGroups)) || Vector128.EqualsAll(read, Vector128.Create(self)))
            {
                return null;
            }
        }

        for (uint i = first; i < first + Math.Max((uint)bytes / (uint)part, 1); i++)
        {
            if (!IsBefore(writers[i], self, order))
            {
                return Race("reads", "written", writers[i], order);
            }

            uint read = readers[i];
            readers[i] = IsBefore(read, self, order) ? self : read < order.GroupStart ? SeveralGroups : order.Current + AccessOrder.Several;
        }

        return null;
    }

    /// <summary>Notes that a thread writes bytes.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Write(ulong place, int bytes, int thread, AccessOrder order) =>
        Change("writes", place, bytes, order.Of(thread), order.Of(thread), order);

    /// <summary>Notes that a thread reads and writes bytes in one step, which may meet other such steps but nothing else.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Update(ulong place, int bytes, int thread, AccessOrder order) =>
        Change("updates", place, bytes, order.Of(thread), Atomic, order);

    public void Dispose()
    {
        NativeMemory.Free(writers);
        NativeMemory.Free(readers);
    }

    // An update leaves the mark of all updates, which only another may meet.
    private string? Change(string does, ulong place, int bytes, uint self, uint mark, AccessOrder order)
    {
        uint first = (uint)((place - Start) / (uint)part);
        for (uint i = first; i < first + Math.Max((uint)bytes / (uint)part, 1); i++)
        {
            if (!IsBefore(writers[i], self, order) && !(mark == Atomic && writers[i] == Atomic))
            {
                return Race(does, "written", writers[i], order);
            }

            if (!IsBefore(readers[i], self, order))
            {
                return Race(does, "read", readers[i], order);
            }

            // A plain write of the thread's own stays known: another's update is not ordered with it.
            writers[i] = writers[i] == self ? self : mark;
        }

        return null;
    }

    /// <summary>Whether an access is before the present one: there was none, it is the thread's own, or a barrier lies between.</summary>
    private static bool IsBefore(uint access, uint self, AccessOrder order) =>
        access == 0 || access == self || (access >= order.GroupStart && access < order.Current);

    private static string Race(string does, string done, uint access, AccessOrder order) => access == Atomic
        ? $"{does} {Name} that atomic operations of the launch have {done}"
        : order.Race(does, Name, done, access);
}
