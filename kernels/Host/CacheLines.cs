using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace SparseEngine.Kernels.Host;

/// <summary>Asks for cache lines that the hardware does not foresee. An address past the data does no harm.</summary>
internal static unsafe class CacheLines
{
    private const int Floats = 16;

    /// <summary>Asks for the line of an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>Asks for the line of an address that is read later: in the second level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchToLevel2(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    /// <summary>Asks for both ends of rows that are no longer than two lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchRows(float* first, nint stride, int rows, int length)
    {
        for (int row = 0; row < rows; row++)
        {
            Prefetch(first + (row * stride));
            Prefetch(first + (row * stride) + length - 1);
        }
    }

    /// <summary>Asks for the lines of <paramref name="count"/> floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* first, int count)
    {
        for (int i = 0; i < count; i += Floats)
        {
            Prefetch(first + i);
        }
    }
}
