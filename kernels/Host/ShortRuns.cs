using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// Fetches, copies and adds a few floats, for which a call to memmove would cost more than the work. Source and target do not overlap.
/// </summary>
internal static unsafe class ShortRuns
{
    /// <summary>Asks for a run of about as many floats as a row has non-zeros in a tile: it may span two lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* run)
    {
        CacheLines.Prefetch(run);
        CacheLines.Prefetch(run + FiringOrder.NonZerosPerTile);
    }

    /// <summary>Copies <paramref name="count"/> floats. The last vector overlaps the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* from, float* to, int count)
    {
        if (count >= 8)
        {
            for (int i = 0; i < count - 8; i += 8)
            {
                Vector256.Load(from + i).Store(to + i);
            }

            Vector256.Load(from + count - 8).Store(to + count - 8);
        }
        else if (count >= 4)
        {
            Vector128.Load(from).Store(to);
            Vector128.Load(from + count - 4).Store(to + count - 4);
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                to[i] = from[i];
            }
        }
    }

    /// <summary>Adds <paramref name="count"/> floats to others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(float* from, float* to, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector256.Load(to + i) + Vector256.Load(from + i)).Store(to + i);
        }

        for (; i < count; i++)
        {
            to[i] += from[i];
        }
    }
}
