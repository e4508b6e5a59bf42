using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>An elementwise non-linearity and its derivative.</summary>
internal interface IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    static abstract TVector Apply(TVector x);

    static abstract TVector Derivative(TVector x);
}

/// <summary>f(x) = x.</summary>
internal readonly struct LinearFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x) => TSimd.Broadcast(1);
}

/// <summary>x Phi(x), Phi the normal distribution.</summary>
internal readonly struct GeluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private const float InverseSqrt2 = 0.70710678118654752f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Multiply(x, Distribution(x));

    /// <remarks>
    /// 1/2 + x P(x^2) / Q(x^2) on [-5.8, 5.8]: a rational fit of degrees 7 and 5 with an error of 4e-8 by iteratively reweighted least squares,
    /// without an exponential. Below, 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector least = TSimd.Broadcast(-5.8f);
        TVector within = TSimd.Min(TSimd.Broadcast(5.8f), TSimd.Max(least, x));
        TVector z = TSimd.Multiply(within, within);
        TVector p = TSimd.Broadcast(-1.89288377e-11f);
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(3.39661033e-9f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-1.59757874e-7f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(3.26615373e-5f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-1.83699391e-4f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.46070868e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-4.36981916e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(0.797884643f));
        TVector q = TSimd.Broadcast(4.95257291e-6f);
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(1.41991928e-4f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(2.83959438e-3f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(3.61592807e-2f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(0.278567106f));
        q = TSimd.MultiplyAdd(q, z, TSimd.Broadcast(1));
        TVector slope = TSimd.MultiplyAdd(TSimd.Multiply(within, p), TSimd.Reciprocal(q), TSimd.Broadcast(0.5f));
        return TSimd.Select(TSimd.GreaterThan(least, x), TSimd.Broadcast(0), slope);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Distribution(TVector x)
    {
        TVector half = TSimd.Broadcast(0.5f);
        return TSimd.MultiplyAdd(half, VectorMath<TSimd, TVector>.Erf(TSimd.Multiply(x, TSimd.Broadcast(InverseSqrt2))), half);
    }
}

/// <summary>x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3).</summary>
internal readonly struct GeluNewFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private const float Sqrt2OverPi = 0.79788456080286536f;
    private const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x)
    {
        TVector halfX = TSimd.Multiply(TSimd.Broadcast(0.5f), x);
        return TSimd.MultiplyAdd(halfX, HyperbolicTangent(x), halfX);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector one = TSimd.Broadcast(1);
        TVector half = TSimd.Broadcast(0.5f);
        TVector t = HyperbolicTangent(x);
        TVector slope = TSimd.Multiply(
            TSimd.Broadcast(Sqrt2OverPi), TSimd.MultiplyAdd(TSimd.Broadcast(3 * Cubic), TSimd.Multiply(x, x), one));
        TVector rest = TSimd.Multiply(TSimd.Multiply(TSimd.Multiply(half, x), TSimd.Subtract(one, TSimd.Multiply(t, t))), slope);
        return TSimd.Add(TSimd.MultiplyAdd(half, t, half), rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector HyperbolicTangent(TVector x)
    {
        TVector cube = TSimd.Multiply(TSimd.Multiply(x, x), x);
        return VectorMath<TSimd, TVector>.Tanh(TSimd.Multiply(TSimd.Broadcast(Sqrt2OverPi), TSimd.MultiplyAdd(TSimd.Broadcast(Cubic), cube, x)));
    }
}

/// <summary>x sigmoid(1.702 x).</summary>
internal readonly struct QuickGeluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private const float Slope = 1.702f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Multiply(x, Gate(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector gate = Gate(x);
        TVector change = TSimd.Multiply(TSimd.Multiply(TSimd.Broadcast(Slope), x), TSimd.Subtract(TSimd.Broadcast(1), gate));
        return TSimd.MultiplyAdd(gate, change, gate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Gate(TVector x) => VectorMath<TSimd, TVector>.Sigmoid(TSimd.Multiply(TSimd.Broadcast(Slope), x));
}

/// <summary>max(x, 0); the derivative at 0 is 0.</summary>
internal readonly struct ReluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Max(TSimd.Broadcast(0), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x) =>
        TSimd.Select(TSimd.GreaterThan(x, TSimd.Broadcast(0)), TSimd.Broadcast(1), TSimd.Broadcast(0));
}

/// <summary>max(x, 0) squared (So et al., 2021).</summary>
internal readonly struct SquaredReluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x)
    {
        TVector positive = TSimd.Max(TSimd.Broadcast(0), x);
        return TSimd.Multiply(positive, positive);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x) => TSimd.Multiply(TSimd.Broadcast(2), TSimd.Max(TSimd.Broadcast(0), x));
}

/// <summary>x where positive, else 0.01 x.</summary>
internal readonly struct LeakyReluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private const float Slope = 0.01f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Multiply(x, Derivative(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x) =>
        TSimd.Select(TSimd.GreaterThan(x, TSimd.Broadcast(0)), TSimd.Broadcast(1), TSimd.Broadcast(Slope));
}

/// <summary>min(max(x, 0), 6); the derivative at 0 and 6 is 0.</summary>
internal readonly struct Relu6Function<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Min(TSimd.Broadcast(6), TSimd.Max(TSimd.Broadcast(0), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector zero = TSimd.Broadcast(0);
        TVector below = TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(6), x), TSimd.Broadcast(1), zero);
        return TSimd.Select(TSimd.GreaterThan(x, zero), below, zero);
    }
}

/// <summary>x sigmoid(x).</summary>
internal readonly struct SiluFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => TSimd.Multiply(x, VectorMath<TSimd, TVector>.Sigmoid(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector gate = VectorMath<TSimd, TVector>.Sigmoid(x);
        return TSimd.MultiplyAdd(gate, TSimd.Multiply(x, TSimd.Subtract(TSimd.Broadcast(1), gate)), gate);
    }
}

/// <summary>1 / (1 + e^-x).</summary>
internal readonly struct SigmoidFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => VectorMath<TSimd, TVector>.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector y = VectorMath<TSimd, TVector>.Sigmoid(x);
        return TSimd.Multiply(y, TSimd.Subtract(TSimd.Broadcast(1), y));
    }
}

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct TanhFunction<TSimd, TVector> : IActivationFunction<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x) => VectorMath<TSimd, TVector>.Tanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Derivative(TVector x)
    {
        TVector y = VectorMath<TSimd, TVector>.Tanh(x);
        return TSimd.Subtract(TSimd.Broadcast(1), TSimd.Multiply(y, y));
    }
}
