using System.Numerics;
using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Products of other widths, divisions and shifts of whole numbers.</summary>
internal static class Integers
{
    public static IEnumerable<KeyValuePair<string, Factory>> Instructions =>
    [
        new("mul.wide.u32", Wide),
        new("mul.wide.s32", operands => Lanes<int, int, long, WideSignedProduct>(operands)),
        new("mul.hi.u32", operands => Lanes<uint, uint, uint, HighProduct32>(operands)),
        new("mul.hi.u64", operands => Lanes<ulong, ulong, ulong, HighProduct64>(operands)),
        new("div.s32", operands => Divide32(operands, remainder: false)),
        new("rem.s32", operands => Divide32(operands, remainder: true)),
        .. Divisions<uint>("u32"),
        .. Divisions<long>("s64"),
        .. Divisions<ulong>("u64"),
        new("shl.b32", Shift<uint, Left<uint>, ShiftLeft<uint>>),
        new("shl.b64", Shift<ulong, Left<ulong>, ShiftLeft<ulong>>),
        new("shr.s32", Shift<int, Right<int>, ShiftRight<int>>),
        new("shr.u32", Shift<uint, Right<uint>, ShiftRight<uint>>),
        new("shr.b32", Shift<uint, Right<uint>, ShiftRight<uint>>),
        new("shr.s64", Shift<long, Right<long>, ShiftRight<long>>),
        new("shr.u64", Shift<ulong, Right<ulong>, ShiftRight<ulong>>),
        new("shr.b64", Shift<ulong, Right<ulong>, ShiftRight<ulong>>),
    ];

    private static Instruction Wide(Operands operands) => operands.Number(2) is { } factor && BitOperations.IsPow2((uint)factor)
        ? new WideShift(operands.Target(0, sizeof(ulong)), operands.Source(1, sizeof(uint)), BitOperations.TrailingZeroCount(factor))
        : Lanes<uint, uint, ulong, WideProduct>(operands);

    private static Instruction Divide32(Operands operands, bool remainder) =>
        operands.Number(2) is { } divisor && (int)divisor > 0 && BitOperations.IsPow2((uint)divisor)
            ? new PowerOfTwoDivision(
                operands.Target(0, sizeof(int)), operands.Source(1, sizeof(int)), BitOperations.TrailingZeroCount(divisor), remainder)
            : Divide<int>(operands, remainder);

    private static IEnumerable<KeyValuePair<string, Factory>> Divisions<T>(string type)
        where T : unmanaged, IBinaryInteger<T> =>
    [
        new($"div.{type}", operands => Divide<T>(operands, remainder: false)),
        new($"rem.{type}", operands => Divide<T>(operands, remainder: true)),
    ];

    private static unsafe Division<T> Divide<T>(Operands operands, bool remainder)
        where T : unmanaged, IBinaryInteger<T> =>
        new(operands.Target(0, sizeof(T)), operands.Source(1, sizeof(T)), operands.Source(2, sizeof(T)), remainder);

    private static unsafe LaneBinary<TLeft, TRight, TTo, TOperation> Lanes<TLeft, TRight, TTo, TOperation>(Operands operands)
        where TLeft : unmanaged
        where TRight : unmanaged
        where TTo : unmanaged
        where TOperation : struct, ILaneOperation<TLeft, TRight, TTo> =>
        new(operands.Target(0, sizeof(TTo)), operands.Source(1, sizeof(TLeft)), operands.Source(2, sizeof(TRight)));

    private static unsafe Instruction Shift<T, TKnown, TAny>(Operands operands)
        where T : unmanaged
        where TKnown : struct, IShift<T>
        where TAny : struct, ILaneOperation<T, uint, T> =>
        operands.Number(2) is { } bits && bits < (ulong)sizeof(T) * 8
            ? new Shift<T, TKnown>(operands.Target(0, sizeof(T)), operands.Source(1, sizeof(T)), (int)bits)
            : Lanes<T, uint, T, TAny>(operands);
}
