using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Execution;

/// <summary>Bits of lanes as masks of vectors.</summary>
public static class LaneMask
{
    /// <summary>All bits of the vector's elements whose lanes, from <paramref name="first"/> on, are set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Of<T>(uint lanes, int first)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() == sizeof(ulong))
        {
            Vector512<ulong> bits = Vector512.Create(1ul, 2, 4, 8, 16, 32, 64, 128);
            return Vector512.Equals(Vector512.Create((ulong)(lanes >> first)) & bits, bits).As<ulong, T>();
        }

        Vector512<uint> words = Vector512.Create(1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        return Vector512.Equals(Vector512.Create(lanes >> first) & words, words).As<uint, T>();
    }
}
