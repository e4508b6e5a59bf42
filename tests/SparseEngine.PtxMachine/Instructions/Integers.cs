using System.Numerics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>The whole product of two halves: mul.wide.</summary>
internal readonly struct WideProduct : ILaneOperation<uint, uint, ulong>
{
    public static ulong Apply(uint a, uint b) => (ulong)a * b;
}

/// <inheritdoc cref="WideProduct"/>
internal readonly struct WideSignedProduct : ILaneOperation<int, int, long>
{
    public static long Apply(int a, int b) => (long)a * b;
}

/// <summary>The product's upper half: mul.hi.</summary>
internal readonly struct HighProduct32 : ILaneOperation<uint, uint, uint>
{
    public static uint Apply(uint a, uint b) => (uint)(((ulong)a * b) >> 32);
}

/// <inheritdoc cref="HighProduct32"/>
internal readonly struct HighProduct64 : ILaneOperation<ulong, ulong, ulong>
{
    public static ulong Apply(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

/// <summary>The number of bits that are set: popc.</summary>
internal readonly struct PopulationCount<T> : IConversion<T, int>
    where T : IBinaryInteger<T>
{
    public static int Apply(T a) => int.CreateTruncating(T.PopCount(a));
}

/// <summary>The number of zeros before the first bit that is set: clz.</summary>
internal readonly struct LeadingZeros<T> : IConversion<T, int>
    where T : IBinaryInteger<T>
{
    public static int Apply(T a) => int.CreateTruncating(T.LeadingZeroCount(a));
}

/// <summary>Shifts beyond the width leave nothing, or the sign.</summary>
internal readonly struct ShiftLeft<T> : ILaneOperation<T, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Apply(T a, uint b) => b < (uint)(T.AllBitsSet.GetByteCount() * 8) ? a << (int)b : T.Zero;
}

/// <inheritdoc cref="ShiftLeft{T}"/>
internal readonly struct ShiftRight<T> : ILaneOperation<T, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Apply(T a, uint b)
    {
        int bits = T.AllBitsSet.GetByteCount() * 8;
        return b < (uint)bits ? a >> (int)b : T.IsNegative(a) ? T.AllBitsSet : T.Zero;
    }
}

/// <summary>A division or its remainder. By zero it gives what no document says, so that is an error.</summary>
internal sealed unsafe class Division<T>(int to, int a, int b, bool remainder) : Instruction
    where T : unmanaged, IBinaryInteger<T>
{
    public override void Run(Warp warp)
    {
        T* left = warp.Read<T>(a);
        T* right = warp.Read<T>(b);
        T* target = warp.Read<T>(to);
        for (uint lanes = warp.Mask; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            T divisor = right[lane];
            if (divisor == T.Zero)
            {
                throw warp.Fault(this, lane, "divides by zero");
            }

            // The least number divided by -1 is itself; .NET throws.
            bool negates = T.IsNegative(divisor) && divisor == T.AllBitsSet;
            target[lane] = remainder
                ? negates ? T.Zero : left[lane] % divisor
                : negates ? T.Zero - left[lane] : left[lane] / divisor;
        }
    }
}
