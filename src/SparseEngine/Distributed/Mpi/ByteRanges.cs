using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// Which bytes of a memory are whose, as MPI takes it: a length and an offset for each rank, which nothing moves while messages are under way.
/// </summary>
internal sealed class ByteRanges(int ranks)
{
    private readonly int[] lengths = GC.AllocateArray<int>(ranks, pinned: true);
    private readonly int[] offsets = GC.AllocateArray<int>(ranks, pinned: true);

    /// <summary>The memory's address.</summary>
    public nint Memory { get; set; }

    /// <summary>Where the lengths lie.</summary>
    public nint Lengths => Marshal.UnsafeAddrOfPinnedArrayElement(lengths, 0);

    /// <summary>Where the offsets lie.</summary>
    public nint Offsets => Marshal.UnsafeAddrOfPinnedArrayElement(offsets, 0);

    /// <summary>The bytes of a rank.</summary>
    public (int Offset, int Length) this[int rank]
    {
        get => (offsets[rank], lengths[rank]);
        set => (offsets[rank], lengths[rank]) = value;
    }
}
