using System.Numerics;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>cvt between the types that ILGPU converts, and counts of bits.</summary>
internal static class Conversions
{
    public static IEnumerable<KeyValuePair<string, Factory>> Instructions =>
    [
        .. FromInteger<int>("s32"),
        .. FromInteger<uint>("u32"),
        .. FromInteger<long>("s64"),
        .. FromInteger<ulong>("u64"),
        .. FromNarrow<sbyte>("s8"),
        .. FromNarrow<byte>("u8"),
        .. FromNarrow<short>("s16"),
        .. FromNarrow<ushort>("u16"),
        new("cvt.rzi.s32.f32", Make<float, int, ToInteger<int>>),
        new("cvt.rzi.u32.f32", Make<float, uint, ToInteger<uint>>),
        new("cvt.rzi.s64.f32", Make<float, long, ToInteger<long>>),
        new("cvt.rzi.u64.f32", Make<float, ulong, ToInteger<ulong>>),
        new("popc.b32", Make<uint, int, PopulationCount<uint>>),
        new("popc.b64", Make<ulong, int, PopulationCount<ulong>>),
        new("clz.b32", Make<uint, int, LeadingZeros<uint>>),
        new("clz.b64", Make<ulong, int, LeadingZeros<ulong>>),
    ];

    private static IEnumerable<KeyValuePair<string, Factory>> FromInteger<T>(string type)
        where T : unmanaged, IBinaryInteger<T> =>
    [
        new($"cvt.s32.{type}", Make<T, int, Resize<T, int>>),
        new($"cvt.u32.{type}", Make<T, uint, Resize<T, uint>>),
        new($"cvt.s64.{type}", Make<T, long, Resize<T, long>>),
        new($"cvt.u64.{type}", Make<T, ulong, Resize<T, ulong>>),
        new($"cvt.u8.{type}", Make<T, uint, Truncate<T, byte>>),
        new($"cvt.u16.{type}", Make<T, uint, Truncate<T, ushort>>),
        new($"cvt.s8.{type}", Make<T, uint, Truncate<T, sbyte>>),
        new($"cvt.s16.{type}", Make<T, uint, Truncate<T, short>>),
        new($"cvt.rn.f32.{type}", Make<T, float, ToFloat<T>>),
    ];

    private static IEnumerable<KeyValuePair<string, Factory>> FromNarrow<T>(string type)
        where T : IBinaryInteger<T> =>
    [
        new($"cvt.s32.{type}", Make<uint, int, Narrow<T, int>>),
        new($"cvt.u32.{type}", Make<uint, uint, Narrow<T, uint>>),
        new($"cvt.s64.{type}", Make<uint, long, Narrow<T, long>>),
        new($"cvt.u64.{type}", Make<uint, ulong, Narrow<T, ulong>>),
    ];

    private static unsafe Convert<TFrom, TTo, TOperation> Make<TFrom, TTo, TOperation>(Operands operands)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TOperation : struct, IConversion<TFrom, TTo> =>
        new(operands.Target(0, sizeof(TTo)), operands.Source(1, sizeof(TFrom)));
}
