using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>An order of floats: each as an unsigned integer that is larger where the float ranks higher.</summary>
internal interface IRanking
{
    /// <summary>The integer of one float, given by its bits.</summary>
    static abstract uint Key(uint bits);

    /// <summary>The integers of eight.</summary>
    static abstract Vector256<uint> Key(Vector256<uint> bits);
}

/// <summary>By value; -0 is below 0. Of NaN it knows nothing.</summary>
internal readonly struct ByValue : IRanking
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Key(uint bits) => bits ^ ((uint)((int)bits >> 31) | FloatBits.Sign);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Key(Vector256<uint> bits) => bits ^ ((bits.AsInt32() >> 31).AsUInt32() | Vector256.Create(FloatBits.Sign));
}

/// <summary>By magnitude; what is not finite counts as the largest finite number.</summary>
internal readonly struct ByMagnitude : IRanking
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Key(uint bits) => Math.Min(bits & FloatBits.Magnitude, FloatBits.LargestFinite);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Key(Vector256<uint> bits) =>
        Vector256.Min(bits & Vector256.Create(FloatBits.Magnitude), Vector256.Create(FloatBits.LargestFinite));
}
