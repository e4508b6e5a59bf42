using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>Elementary functions of vectors in float32.</summary>
/// <remarks>Polynomials from S. Moshier's Cephes library (expf, tanhf) where nothing else is said, evaluated with Horner's rule.</remarks>
internal static class VectorMath<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary>e to the x, within 2 units in the last place; 0 below -104, infinity above 88.73, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2. As second operands, NaN passes Max and Min on every processor.
        x = TSimd.Min(TSimd.Broadcast(89), TSimd.Max(TSimd.Broadcast(-104), x));
        TVector n = TSimd.Round(TSimd.Multiply(x, TSimd.Broadcast(1.44269504088896341f)));
        TVector r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-0.693359375f), x);
        r = TSimd.MultiplyAdd(n, TSimd.Broadcast(2.12194440e-4f), r);
        TVector p = TSimd.Broadcast(1.9875691500e-4f);
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1.3981999507e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(8.3334519073e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(4.1665795894e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1.6666665459e-1f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(5.0000001201e-1f));
        p = TSimd.MultiplyAdd(p, TSimd.Multiply(r, r), r);
        return TSimd.Scale(TSimd.Add(p, TSimd.Broadcast(1)), n);
    }

    /// <summary><see cref="ISimd{TVector}.Scale"/> where the hardware has no instruction for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ScaleInSteps(TVector a, TVector exponent)
    {
        // In two steps: 2^n itself may be infinite or zero where the product is not.
        TVector half = TSimd.Round(TSimd.Multiply(exponent, TSimd.Broadcast(0.5f)));
        return TSimd.Multiply(TSimd.Multiply(a, TSimd.PowerOfTwo(half)), TSimd.PowerOfTwo(TSimd.Subtract(exponent, half)));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x)
    {
        TVector one = TSimd.Broadcast(1);
        return TSimd.Divide(one, TSimd.Add(one, Exp(TSimd.Subtract(TSimd.Broadcast(0), x))));
    }

    /// <summary>The hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        TVector one = TSimd.Broadcast(1);
        TVector two = TSimd.Broadcast(2);
        TVector z = TSimd.Multiply(x, x);
        TVector p = TSimd.Broadcast(-5.70498872745e-3f);
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(2.06390887954e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-5.37397155531e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.33314422036e-1f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-3.33332819422e-1f));
        TVector small = TSimd.MultiplyAdd(TSimd.Multiply(p, z), x, x);
        TVector large = TSimd.Subtract(one, TSimd.Divide(two, TSimd.Add(one, Exp(TSimd.Multiply(two, x)))));
        return TSimd.Select(TSimd.GreaterThan(TSimd.Abs(x), TSimd.Broadcast(0.625f)), large, small);
    }

    /// <summary>The error function, within 4e-7 absolutely and relatively.</summary>
    /// <remarks>
    /// x P(x^2) / Q(x^2) on [-3.96, 3.96], beyond which it is 1: a rational fit of degrees 6 and 4 with an error of 6e-8 by iteratively
    /// reweighted least squares; the rest is rounding. One range for all x, without an exponential.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Erf(TVector x)
    {
        x = TSimd.Min(TSimd.Broadcast(3.96f), TSimd.Max(TSimd.Broadcast(-3.96f), x));
        TVector z = TSimd.Multiply(x, x);
        TVector p = TSimd.Broadcast(1.915478620162503e-08f);
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-1.9664560113596963e-06f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.5154798165895045e-04f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(4.148480482399464e-03f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(5.2002325654029846e-02f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(2.1069326996803284e-01f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.128378987312317f));
        TVector q = TSimd.Broadcast(1.0610893368721008e-03f);
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(1.5268981456756592e-02f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(1.1945223808288574e-01f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(5.200517177581787e-01f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(1));
        return TSimd.Divide(TSimd.Multiply(x, p), q);
    }
}
