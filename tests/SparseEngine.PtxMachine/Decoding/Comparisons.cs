using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>setp with each comparison and type, and what holds where a predicate does or the comparison.</summary>
internal static class Comparisons
{
    public static Instruction? Make(string[] parts, Operands operands) => parts switch
    {
        [string name, string comparison, "or", string type] when Make([name, comparison, type], operands) is { } compare =>
            new OrPredicate(compare, operands.Target(0, 0), operands.Source(3, 0)),
        [_, string comparison, "s32"] => OfIntegers<int>(comparison, operands),
        [_, string comparison, "u32" or "b32"] => OfIntegers<uint>(comparison, operands),
        [_, string comparison, "s64"] => OfIntegers<long>(comparison, operands),
        [_, string comparison, "u64" or "b64"] => OfIntegers<ulong>(comparison, operands),
        [_, string comparison, "f32"] => OfFloats(comparison, operands),
        _ => null,
    };

    private static Instruction? OfIntegers<T>(string comparison, Operands operands)
        where T : unmanaged => comparison switch
        {
            "eq" => Of<T, IsEqual>(operands),
            "ne" => Of<T, IsEqual>(operands, opposite: true),
            "lt" or "lo" => Of<T, IsLess>(operands),
            "le" or "ls" => Of<T, IsLessOrEqual>(operands),
            "gt" or "hi" => Of<T, IsLessOrEqual>(operands, opposite: true),
            "ge" or "hs" => Of<T, IsLess>(operands, opposite: true),
            _ => null,
        };

    // Those that end in u also hold where one side is NaN.
    private static Instruction? OfFloats(string comparison, Operands operands) => comparison switch
    {
        "eq" => Of<float, IsEqual>(operands),
        "ne" => Of<float, IsLessOrGreater>(operands),
        "lt" => Of<float, IsLess>(operands),
        "le" => Of<float, IsLessOrEqual>(operands),
        "gt" => Swapped<IsLess>(operands),
        "ge" => Swapped<IsLessOrEqual>(operands),
        "equ" => Of<float, IsLessOrGreater>(operands, opposite: true),
        "neu" => Of<float, IsEqual>(operands, opposite: true),
        "ltu" => Swapped<IsLessOrEqual>(operands, opposite: true),
        "leu" => Swapped<IsLess>(operands, opposite: true),
        "gtu" => Of<float, IsLessOrEqual>(operands, opposite: true),
        "geu" => Of<float, IsLess>(operands, opposite: true),
        "num" => Of<float, AreNumbers>(operands),
        "nan" => Of<float, AreNumbers>(operands, opposite: true),
        _ => null,
    };

    private static unsafe Compare<T, TComparison> Of<T, TComparison>(Operands operands, bool opposite = false)
        where T : unmanaged
        where TComparison : struct, IComparison =>
        new(operands.Target(0, 0), operands.Source(1, sizeof(T)), operands.Source(2, sizeof(T)), opposite);

    private static Compare<float, TComparison> Swapped<TComparison>(Operands operands, bool opposite = false)
        where TComparison : struct, IComparison =>
        new(operands.Target(0, 0), operands.Source(2, sizeof(float)), operands.Source(1, sizeof(float)), opposite);
}
