using System.Runtime.InteropServices;

namespace SparseEngine.Kernels.Host;

/// <summary>Memory for buffers: large ones are pages of their own, which the system has back as soon as they are freed.</summary>
/// <remarks>
/// glibc's malloc keeps what is freed once larger pieces have been freed before, in an arena for each thread: where weights change their sizes, a
/// process grows by half its model without using it.
/// </remarks>
internal static unsafe partial class PageMemory
{
    private const nuint Alignment = 64;

    // Below, pages would be wasted and faults counted.
    private const nuint Large = 256 << 10;

    // Read and write; private and of no file.
    private const int Protection = 3;
    private const int Flags = 0x22;

    /// <summary>
    /// Memory aligned to a cache line; its contents are undefined unless it <see cref="IsMapped"/>.
    /// </summary>
    /// <param name="bytes">How much; above 0.</param>
    /// <exception cref="InsufficientMemoryException">The system has no more.</exception>
    public static void* Allocate(nuint bytes)
    {
        if (!IsMapped(bytes))
        {
            return NativeMemory.AlignedAlloc((bytes + Alignment - 1) / Alignment * Alignment, Alignment);
        }

        nint address = Map(0, bytes, Protection, Flags, -1, 0);
        return address == -1 ? throw new InsufficientMemoryException() : (void*)address;
    }

    /// <summary>Gives memory back.</summary>
    /// <param name="memory">What <see cref="Allocate"/> returned, or null.</param>
    /// <param name="bytes">How much was asked for.</param>
    public static void Free(void* memory, nuint bytes)
    {
        if (memory is null || !IsMapped(bytes))
        {
            NativeMemory.AlignedFree(memory);
        }
        else
        {
            _ = Unmap((nint)memory, bytes);
        }
    }

    /// <summary>
    /// Whether so much memory is pages of its own: zeros that nobody has touched. The thread that writes one first has it near its core.
    /// </summary>
    // The flags are Linux's.
    public static bool IsMapped(nuint bytes) => OperatingSystem.IsLinux() && bytes >= Large;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
