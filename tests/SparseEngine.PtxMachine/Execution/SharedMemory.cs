using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>
/// A group's shared memory, with a shadow that knows for each word which thread last wrote and read it and before which barrier: it finds
/// reads of words that nobody wrote, and races.
/// </summary>
/// <remarks>
/// An entry of the shadow is the number of the phase between barriers and the thread. Phases count on from group to group, so what an
/// earlier group left counts as never written.
/// </remarks>
public sealed unsafe class SharedMemory : IDisposable
{
    private const int WordBytes = 4;

    // Bits of a thread's number plus one, and the two numbers that are no thread's.
    private const int ThreadBits = 11;
    private const uint Several = (1u << ThreadBits) - 1;
    private const uint Atomic = Several - 1;
    private const uint LastPhase = (1u << (32 - ThreadBits)) - 1;

    private readonly byte* memory;
    private readonly uint* writers;
    private readonly uint* readers;
    private readonly int words;
    private uint phase;
    private uint groupStart;

    public SharedMemory(int bytes)
    {
        words = (bytes + WordBytes - 1) / WordBytes;
        nuint size = (nuint)Math.Max(words, 1) * WordBytes;
        memory = (byte*)NativeMemory.AlignedAlloc(size, (nuint)Vector512<byte>.Count);
        writers = (uint*)NativeMemory.AllocZeroed(size);
        readers = (uint*)NativeMemory.AllocZeroed(size);
    }

    /// <summary>Its first byte.</summary>
    public byte* Memory => memory;

    /// <summary>A new group's memory: nothing in it is written.</summary>
    public void Start()
    {
        Barrier();
        groupStart = phase << ThreadBits;
    }

    /// <summary>What was written and read before this is ordered before what follows.</summary>
    public void Barrier()
    {
        if (phase == LastPhase)
        {
            throw new InvalidOperationException("too many barriers in the groups of one launch");
        }

        phase++;
    }

    /// <summary>Notes that a thread reads words.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public string? Read(uint word, int count, int thread)
    {
        uint current = phase << ThreadBits;
        uint self = current + (uint)thread + 1;
        if (count == 4)
        {
            Vector128<uint> written = Vector128.Load(writers + word) - Vector128.Create(groupStart);
            if (Vector128.LessThanAll(written, Vector128.Create(current - groupStart)))
            {
                Vector128<uint> read = Vector128.Load(readers + word);
                Vector128<uint> own = Vector128.Equals(read, Vector128.Create(self)) | Vector128.LessThan(read, Vector128.Create(current));
                Vector128.ConditionalSelect(own, Vector128.Create(self), Vector128.Create(current + Several)).Store(readers + word);
                return null;
            }
        }

        for (uint i = word; i < word + count; i++)
        {
            uint written = writers[i];
            if (written < groupStart)
            {
                return "reads shared memory that nobody has written";
            }

            if (written >= current && written != self)
            {
                return Race("reads", "written", written);
            }

            uint read = readers[i];
            readers[i] = read < current || read == self ? self : current + Several;
        }

        return null;
    }

    /// <summary>Notes that a thread writes words.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public string? Write(uint word, int count, int thread)
    {
        uint current = phase << ThreadBits;
        uint self = current + (uint)thread + 1;
        for (uint i = word; i < word + count; i++)
        {
            uint written = writers[i];
            uint read = readers[i];
            if (written >= current && written != self)
            {
                return Race("writes", "written", written);
            }

            if (read >= current && read != self)
            {
                return Race("writes", "read", read);
            }

            writers[i] = self;
        }

        return null;
    }

    /// <summary>Notes that a thread reads and writes words in one step, which may meet other such steps but nothing else.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Update(uint word, int count, int thread)
    {
        uint current = phase << ThreadBits;
        uint self = current + (uint)thread + 1;
        for (uint i = word; i < word + count; i++)
        {
            uint written = writers[i];
            uint read = readers[i];
            if (written < groupStart)
            {
                return "reads shared memory that nobody has written";
            }

            if (written >= current && written != self && written != current + Atomic)
            {
                return Race("updates", "written", written);
            }

            if (read >= current && read != self)
            {
                return Race("updates", "read", read);
            }

            writers[i] = current + Atomic;
        }

        return null;
    }

    /// <summary>The words that an access of some bytes touches.</summary>
    public static int Words(int bytes) => (bytes + WordBytes - 1) / WordBytes;

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        NativeMemory.Free(writers);
        NativeMemory.Free(readers);
    }

    private static string Race(string does, string done, uint entry) => (entry & Several) switch
    {
        Several => $"{does} shared memory that several threads have {done} since the last barrier",
        Atomic => $"{does} shared memory that atomic operations have {done} since the last barrier",
        uint number => $"{does} shared memory that thread {number - 1} of the group has {done} since the last barrier",
    };
}
