using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Sums over the threads of a one-dimensional group, in a fixed order.</summary>
internal static class GroupSum
{
    /// <summary>Adds up the threads' values. All threads of the group call it, and all receive the sum.</summary>
    public static float Of(float value)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupShapes.MostThreads);
        int thread = Group.IdxX;
        sums[thread] = value;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half)
            {
                sums[thread] += sums[thread + half];
            }

            Group.Barrier();
        }

        float sum = sums[0];
        Group.Barrier();
        return sum;
    }
}

/// <summary>Sums over the threads of a two-dimensional group that share a lane, in a fixed order.</summary>
internal static class LaneSum
{
    /// <summary>
    /// Adds up the values of the threads with the caller's lane. All threads of the group call it, and all receive their lane's sum.
    /// </summary>
    public static Float4 Of(Float4 value)
    {
        ArrayView<Float4> sums = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads);
        int lanes = Group.DimX;
        int thread = (Group.IdxY * lanes) + Group.IdxX;
        sums[thread] = value;
        Group.Barrier();
        for (int half = Group.DimY / 2; half > 0; half /= 2)
        {
            if (Group.IdxY < half)
            {
                sums[thread] += sums[thread + (half * lanes)];
            }

            Group.Barrier();
        }

        Float4 sum = sums[Group.IdxX];
        Group.Barrier();
        return sum;
    }
}

/// <summary>
/// One thread's part of long sums. Terms are added in blocks: rounding errors grow with the length of a block and the
/// number of blocks, not with their product.
/// </summary>
internal struct BlockedSum
{
    private const int BlockTerms = 64;
    private Float4 total;
    private Float4 block;
    private int terms;

    /// <summary>The sums of all that was added.</summary>
    public readonly Float4 Total => total + block;

    public void Add(Float4 term)
    {
        block += term;
        if (++terms == BlockTerms)
        {
            total += block;
            block = default;
            terms = 0;
        }
    }
}
