using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>
/// A group's shared memory, with a shadow that knows which access last wrote and read each word: it finds reads of words that nobody wrote, and
/// races. What an earlier group left counts as never written. An access to a part of a word counts as one to the whole.
/// </summary>
public sealed unsafe class SharedMemory : IDisposable
{
    private const int WordBytes = 4;
    private const string Name = "shared memory";

    private readonly AccessOrder order;
    private readonly uint* writers;
    private readonly uint* readers;

    public SharedMemory(int bytes, AccessOrder order)
    {
        this.order = order;
        nuint size = (nuint)(Math.Max(Words(bytes), 1) * WordBytes);
        Memory = (byte*)NativeMemory.AlignedAlloc(size, (nuint)Vector512<byte>.Count);
        writers = (uint*)NativeMemory.AllocZeroed(size);
        readers = (uint*)NativeMemory.AllocZeroed(size);
    }

    /// <summary>Its first byte.</summary>
    public byte* Memory { get; }

    /// <summary>The words that an access of some bytes touches.</summary>
    public static int Words(int bytes) => (bytes + WordBytes - 1) / WordBytes;

    /// <summary>Notes that a thread reads words.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public string? Read(uint word, int count, int thread)
    {
        uint current = order.Current;
        uint start = order.GroupStart;
        uint self = order.Of(thread);
        if (count == Vector128<uint>.Count)
        {
            Vector128<uint> written = Vector128.Load(writers + word) - Vector128.Create(start);
            if (Vector128.LessThanAll(written, Vector128.Create(current - start)))
            {
                Vector128<uint> read = Vector128.Load(readers + word);
                Vector128<uint> alone = Vector128.Equals(read, Vector128.Create(self)) | Vector128.LessThan(read, Vector128.Create(current));
                Vector128.ConditionalSelect(alone, Vector128.Create(self), Vector128.Create(current + AccessOrder.Several)).Store(readers + word);
                return null;
            }
        }

        for (uint i = word; i < word + count; i++)
        {
            uint written = writers[i];
            if (written < start)
            {
                return $"reads {Name} that nobody has written";
            }

            if (written >= current && written != self)
            {
                return order.Race("reads", Name, "written", written);
            }

            uint read = readers[i];
            readers[i] = read < current || read == self ? self : current + AccessOrder.Several;
        }

        return null;
    }

    /// <summary>Notes that a thread writes words.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public string? Write(uint word, int count, int thread)
    {
        uint current = order.Current;
        uint self = order.Of(thread);
        for (uint i = word; i < word + count; i++)
        {
            if (writers[i] >= current && writers[i] != self)
            {
                return order.Race("writes", Name, "written", writers[i]);
            }

            if (readers[i] >= current && readers[i] != self)
            {
                return order.Race("writes", Name, "read", readers[i]);
            }

            writers[i] = self;
        }

        return null;
    }

    /// <summary>Notes that a thread reads and writes words in one step, which may meet other such steps but nothing else.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Update(uint word, int count, int thread)
    {
        uint current = order.Current;
        uint self = order.Of(thread);
        for (uint i = word; i < word + count; i++)
        {
            if (writers[i] < order.GroupStart)
            {
                return $"reads {Name} that nobody has written";
            }

            if (writers[i] >= current && writers[i] != self && writers[i] != current + AccessOrder.Atomic)
            {
                return order.Race("updates", Name, "written", writers[i]);
            }

            if (readers[i] >= current && readers[i] != self)
            {
                return order.Race("updates", Name, "read", readers[i]);
            }

            // A plain write of the thread's own stays known: another's update is not ordered with it.
            writers[i] = writers[i] == self ? self : current + AccessOrder.Atomic;
        }

        return null;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Memory);
        NativeMemory.Free(writers);
        NativeMemory.Free(readers);
    }
}
