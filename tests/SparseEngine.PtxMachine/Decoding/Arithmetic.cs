using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>
/// Arithmetic on lanes. Operations on floats round to the nearest float, to even between two, and keep subnormal numbers, as PTX says of
/// those without .ftz; products and sums that the assembler may fuse round twice here.
/// </summary>
internal static class Arithmetic
{
    public static IEnumerable<KeyValuePair<string, Factory>> Instructions =>
    [
        new("add.f32", Two<float, Add<float>>),
        new("add.rn.f32", Two<float, Add<float>>),
        new("sub.f32", Two<float, Subtract<float>>),
        new("sub.rn.f32", Two<float, Subtract<float>>),
        new("mul.f32", Two<float, Multiply<float>>),
        new("mul.rn.f32", Two<float, Multiply<float>>),
        new("div.rn.f32", Two<float, Divide>),
        new("min.f32", Two<float, Minimum<float>>),
        new("max.f32", Two<float, Maximum<float>>),
        new("neg.f32", One<float, Negate<float>>),
        new("abs.f32", One<float, Absolute<float>>),
        new("sqrt.rn.f32", One<float, SquareRoot>),
        new("rcp.rn.f32", One<float, Reciprocal>),
        new("fma.rn.f32", Three<float, FusedMultiplyAdd>),
        .. OfIntegers<int>("s32"),
        .. OfIntegers<uint>("u32"),
        .. OfIntegers<long>("s64"),
        .. OfIntegers<ulong>("u64"),
    ];

    public static Instruction One<T, TOperation>(Operands operands)
        where T : unmanaged
        where TOperation : struct, IUnary<T>
    {
        int width = WidthOf<T>();
        return new Unary<T, TOperation>(operands.Target(0, width), operands.Source(1, width));
    }

    public static Instruction Two<T, TOperation>(Operands operands)
        where T : unmanaged
        where TOperation : struct, IBinary<T>
    {
        int width = WidthOf<T>();
        return new Binary<T, TOperation>(operands.Target(0, width), operands.Source(1, width), operands.Source(2, width));
    }

    private static Ternary<T, TOperation> Three<T, TOperation>(Operands operands)
        where T : unmanaged
        where TOperation : struct, ITernary<T>
    {
        int width = WidthOf<T>();
        return new(operands.Target(0, width), operands.Source(1, width), operands.Source(2, width), operands.Source(3, width));
    }

    private static IEnumerable<KeyValuePair<string, Factory>> OfIntegers<T>(string type)
        where T : unmanaged =>
    [
        new($"add.{type}", Two<T, Add<T>>),
        new($"sub.{type}", Two<T, Subtract<T>>),
        new($"mul.lo.{type}", Two<T, Multiply<T>>),
        new($"mad.lo.{type}", Three<T, MultiplyAdd<T>>),
        new($"min.{type}", Two<T, Minimum<T>>),
        new($"max.{type}", Two<T, Maximum<T>>),
        new($"neg.{type}", One<T, Negate<T>>),
        new($"abs.{type}", One<T, Absolute<T>>),
    ];

    private static unsafe int WidthOf<T>()
        where T : unmanaged => sizeof(T);
}
