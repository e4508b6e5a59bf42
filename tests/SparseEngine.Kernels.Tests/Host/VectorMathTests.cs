using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Host;

public unsafe class VectorMathTests
{
    // One of this many floats is tried: all exponents, both signs, ever different mantissas.
    private const uint Stride = 40_961;

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place() => OverAllFloats(Function.Exp, (x, y) =>
    {
        double exact = Math.Exp(x);
        if (exact > float.MaxValue)
        {
            Assert.True(y == float.PositiveInfinity || Math.Abs(y - exact) <= 2 * UnitInTheLastPlace(float.MaxValue), $"exp({x:R}) is {y:R}");
        }
        else
        {
            Assert.True(Math.Abs(y - exact) <= 2 * UnitInTheLastPlace(exact), $"exp({x:R}) is {y:R}, not {exact:R}");
        }
    });

    [Fact]
    public void Tanh_is_within_four_units_in_the_last_place() => OverAllFloats(Function.Tanh, (x, y) =>
    {
        double exact = Math.Tanh(x);
        Assert.True(Math.Abs(y - exact) <= 4 * UnitInTheLastPlace(exact), $"tanh({x:R}) is {y:R}, not {exact:R}");
    });

    [Fact]
    public void Sigmoid_is_within_four_units_in_the_last_place() => OverAllFloats(Function.Sigmoid, (x, y) =>
    {
        // Below -88 e^-x is infinite in float32: the function underflows to 0 while it is still a denormal.
        double exact = 1 / (1 + Math.Exp(-x));
        Assert.True(Math.Abs(y - exact) <= Math.Max(4 * UnitInTheLastPlace(exact), 1.2e-38), $"sigmoid({x:R}) is {y:R}, not {exact:R}");
    });

    [Fact]
    public void Erf_is_within_4e_7() => OverAllFloats(Function.Erf, (x, y) =>
    {
        double exact = SpecialFunctions.Erf(x);
        Assert.True(Math.Abs(y - exact) <= 4e-7, $"erf({x:R}) is {y:R}, not {exact:R}");
        Assert.True(Math.Abs(y - exact) <= Math.Max(4e-7 * Math.Abs(exact), UnitInTheLastPlace(exact)), $"erf({x:R}) is {y:R}, not {exact:R}");
    });

    [Theory]
    [InlineData(Function.Exp, 0, float.PositiveInfinity, 1)]
    [InlineData(Function.Tanh, -1, 1, 0)]
    [InlineData(Function.Sigmoid, 0, 1, 0.5f)]
    [InlineData(Function.Erf, -1, 1, 0)]
    public void Limits_and_NaN_are_exact(Function function, float atMinusInfinity, float atInfinity, float atZero)
    {
        float[] points = [float.NegativeInfinity, float.PositiveInfinity, 0, float.NaN, float.MinValue, float.MaxValue];
        float[] expected = [atMinusInfinity, atInfinity, atZero, float.NaN, atMinusInfinity, atInfinity];
        foreach (float[] results in AtEveryWidth(function, points))
        {
            Assert.Equal(expected, results);
        }
    }

    public enum Function
    {
        Exp,
        Tanh,
        Sigmoid,
        Erf,
    }

    private static void OverAllFloats(Function function, Action<double, double> check)
    {
        List<float> points = [];
        for (ulong bits = 0; bits <= uint.MaxValue; bits += Stride)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits);
            if (float.IsFinite(x))
            {
                points.Add(x);
            }
        }

        foreach (float[] results in AtEveryWidth(function, [.. points]))
        {
            for (int i = 0; i < points.Count; i++)
            {
                check(points[i], results[i]);
            }
        }
    }

    private static float[][] AtEveryWidth(Function function, float[] x) =>
        [Map<Simd128, Vector128<float>>(function, x), Map<Simd256, Vector256<float>>(function, x), Map<Simd512, Vector512<float>>(function, x)];

    private static float[] Map<TSimd, TVector>(Function function, float[] x)
        where TSimd : ISimd<TVector>
        where TVector : unmanaged
    {
        float[] source = new float[(x.Length + 15) / 16 * 16];
        x.CopyTo(source, 0);
        fixed (float* at = source)
        {
            for (int i = 0; i < source.Length; i += TSimd.Width)
            {
                TVector v = TSimd.Load(at + i);
                TSimd.Store(at + i, function switch
                {
                    Function.Exp => VectorMath<TSimd, TVector>.Exp(v),
                    Function.Tanh => VectorMath<TSimd, TVector>.Tanh(v),
                    Function.Sigmoid => VectorMath<TSimd, TVector>.Sigmoid(v),
                    _ => VectorMath<TSimd, TVector>.Erf(v),
                });
            }
        }

        return source[..x.Length];
    }

    private static double UnitInTheLastPlace(double exact) => MathF.BitIncrement(Math.Abs((float)exact)) is float next && float.IsFinite(next)
        ? next - (double)Math.Abs((float)exact)
        : float.MaxValue - (double)MathF.BitDecrement(float.MaxValue);
}
