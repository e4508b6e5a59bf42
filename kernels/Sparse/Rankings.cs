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
    private const uint Sign = 0x8000_0000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Key(uint bits) => bits ^ ((uint)((int)bits >> 31) | Sign);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Key(Vector256<uint> bits) => bits ^ ((bits.AsInt32() >> 31).AsUInt32() | Vector256.Create(Sign));
}

/// <summary>By magnitude; what is not finite counts as the largest finite number.</summary>
internal readonly struct ByMagnitude : IRanking
{
    private const uint Magnitude = 0x7FFF_FFFF;
    private const uint Largest = 0x7F7F_FFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Key(uint bits) => Math.Min(bits & Magnitude, Largest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Key(Vector256<uint> bits) => Vector256.Min(bits & Vector256.Create(Magnitude), Vector256.Create(Largest));
}
