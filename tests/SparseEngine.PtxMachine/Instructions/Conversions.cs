using System.Numerics;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>Between whole numbers: the low bits, or more bits of zeros or of the sign.</summary>
internal readonly struct Resize<TFrom, TTo> : IConversion<TFrom, TTo>
    where TFrom : IBinaryInteger<TFrom>
    where TTo : IBinaryInteger<TTo>
{
    public static TTo Apply(TFrom a) => TTo.CreateTruncating(a);
}

/// <summary>Narrow numbers lie in the low bits of a register of 32: the low bits, or more of zeros or of the sign.</summary>
internal readonly struct Narrow<TNarrow, TTo> : IConversion<uint, TTo>
    where TNarrow : IBinaryInteger<TNarrow>
    where TTo : IBinaryInteger<TTo>
{
    public static TTo Apply(uint a) => TTo.CreateTruncating(TNarrow.CreateTruncating(a));
}

/// <summary>A whole number's nearest float; of two equally near ones the even: cvt.rn.</summary>
internal readonly struct ToFloat<TFrom> : IConversion<TFrom, float>
    where TFrom : IBinaryInteger<TFrom>
{
    public static float Apply(TFrom a) => float.CreateTruncating(a);
}

/// <summary>Towards zero; what is too large gives the largest, NaN 0 in 32 bits and the top bit in 64: cvt.rzi.</summary>
internal readonly struct ToInteger<TTo> : IConversion<float, TTo>
    where TTo : IBinaryInteger<TTo>, IMinMaxValue<TTo>
{
    public static TTo Apply(float a) => float.IsNaN(a) && TTo.AllBitsSet.GetByteCount() == sizeof(long)
        ? TTo.One << 63
        : float.ConvertToInteger<TTo>(float.IsNaN(a) ? 0 : a);
}

/// <summary>To a narrow number, which fills its register of 32 bits with zeros or its sign.</summary>
internal readonly struct Truncate<TFrom, TNarrow> : IConversion<TFrom, uint>
    where TFrom : IBinaryInteger<TFrom>
    where TNarrow : IBinaryInteger<TNarrow>
{
    public static uint Apply(TFrom a) => uint.CreateTruncating(TNarrow.CreateTruncating(a));
}
