using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>Elementary functions of vectors in float32.</summary>
/// <remarks>Polynomials from S. Moshier's Cephes library (expf, tanhf, erff), evaluated with Horner's rule.</remarks>
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
        p = TSimd.Add(p, TSimd.Broadcast(1));

        // In two steps: 2^n itself may be infinite or zero where the product is not.
        TVector half = TSimd.Round(TSimd.Multiply(n, TSimd.Broadcast(0.5f)));
        return TSimd.Multiply(TSimd.Multiply(p, TSimd.PowerOfTwo(half)), TSimd.PowerOfTwo(TSimd.Subtract(n, half)));
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

    /// <summary>The error function, within 2e-7; beyond |x| = 1 by formula 7.1.26 of Abramowitz and Stegun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Erf(TVector x)
    {
        TVector one = TSimd.Broadcast(1);
        TVector zero = TSimd.Broadcast(0);
        TVector z = TSimd.Multiply(x, x);
        TVector p = TSimd.Broadcast(7.853861353153693e-5f);
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-8.010193625184903e-4f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(5.188327685732524e-3f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-2.685381193529856e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.128358514861418e-1f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-3.761262582423300e-1f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.128379165726710f));
        TVector small = TSimd.Multiply(p, x);

        TVector magnitude = TSimd.Abs(x);
        TVector t = TSimd.Divide(one, TSimd.MultiplyAdd(magnitude, TSimd.Broadcast(0.3275911f), one));
        TVector q = TSimd.Broadcast(1.061405429f);
        q = TSimd.MultiplyAdd(q, t, TSimd.Broadcast(-1.453152027f));
        q = TSimd.MultiplyAdd(q, t, TSimd.Broadcast(1.421413741f));
        q = TSimd.MultiplyAdd(q, t, TSimd.Broadcast(-0.284496736f));
        q = TSimd.MultiplyAdd(q, t, TSimd.Broadcast(0.254829592f));
        TVector complement = TSimd.Multiply(TSimd.Multiply(q, t), Exp(TSimd.Subtract(zero, z)));
        TVector large = TSimd.Subtract(one, complement);
        large = TSimd.Select(TSimd.GreaterThan(zero, x), TSimd.Subtract(zero, large), large);
        return TSimd.Select(TSimd.GreaterThan(magnitude, one), large, small);
    }
}
