using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>e to the scale x, as a softmax needs it: for x of 0 or little more, and 0 for shares below 1e-30.</summary>
/// <remarks>
/// Such a share is lost in any sum of shares, and products with it are soon subnormal numbers, which take processors a hundred times as long: ALiBi
/// has many. Nothing subnormal comes up on the way either, not for minus infinity, the score of a key that is not seen. 2^r on [-1/2, 1/2] is a
/// polynomial of degree 6 with an error of 2e-9 by iteratively reweighted least squares.
/// </remarks>
internal readonly struct SoftmaxShares<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    // A float between 2^23 and 2^24 has no fraction: a sum with it is rounded, and its last bits are the integer, here with the bias of exponents.
    private const float Integers = (3 << 22) + 127;

    private readonly TVector factor;
    private readonly TVector least;
    private readonly TVector none;

    /// <param name="scale">What x is multiplied by, above 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SoftmaxShares(float scale)
    {
        float toPowersOfTwo = scale * 1.44269504088896341f;
        factor = TSimd.Broadcast(toPowersOfTwo);
        least = TSimd.Broadcast(-99.6f / toPowersOfTwo);
        none = TSimd.Broadcast(-127 / toPowersOfTwo);
    }

    /// <summary>e to the scale x; NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Of(TVector x)
    {
        // scale x = (n + r) ln 2.
        x = TSimd.Select(TSimd.GreaterThan(least, x), none, x);
        TVector biased = TSimd.MultiplyAdd(x, factor, TSimd.Broadcast(Integers));
        TVector n = TSimd.Subtract(TSimd.Broadcast(Integers), biased);
        TVector r = TSimd.MultiplyAdd(x, factor, n);
        TVector p = TSimd.Broadcast(1.5353362e-4f);
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1.3398875e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(9.61843692e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(5.55033237e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(0.240226477f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(0.693147182f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1));
        return TSimd.Multiply(p, TSimd.PowerOfLastBits(biased));
    }
}
