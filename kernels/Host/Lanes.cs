using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace SparseEngine.Kernels.Host;

/// <summary>Movements across the lanes of 128-bit vectors, for which the portable vectors have no words.</summary>
internal static class Lanes
{
    /// <summary>The sums of the lanes of four vectors, as one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        Transpose(ref a, ref b, ref c, ref d);
        return (a + b) + (c + d);
    }

    /// <summary>Transposes the 4 x 4 matrix whose rows are the four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref Vector128<float> a, ref Vector128<float> b, ref Vector128<float> c, ref Vector128<float> d)
    {
        Vector128<double> ab0 = Low(a, b).AsDouble();
        Vector128<double> ab2 = High(a, b).AsDouble();
        Vector128<double> cd0 = Low(c, d).AsDouble();
        Vector128<double> cd2 = High(c, d).AsDouble();
        a = Low(ab0, cd0).AsSingle();
        b = High(ab0, cd0).AsSingle();
        c = Low(ab2, cd2).AsSingle();
        d = High(ab2, cd2).AsSingle();
    }

    /// <summary>Transposes two 4 x 4 matrices at once: their rows are the four vectors' lower and upper halves. Needs AVX.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeHalves(ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d)
    {
        Vector256<double> ab0 = Avx.UnpackLow(a, b).AsDouble();
        Vector256<double> ab2 = Avx.UnpackHigh(a, b).AsDouble();
        Vector256<double> cd0 = Avx.UnpackLow(c, d).AsDouble();
        Vector256<double> cd2 = Avx.UnpackHigh(c, d).AsDouble();
        a = Avx.UnpackLow(ab0, cd0).AsSingle();
        b = Avx.UnpackHigh(ab0, cd0).AsSingle();
        c = Avx.UnpackLow(ab2, cd2).AsSingle();
        d = Avx.UnpackHigh(ab2, cd2).AsSingle();
    }

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);

    /// <summary>a0 b0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Low(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0]);

    /// <summary>a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> High(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[1], b[1]);
}
