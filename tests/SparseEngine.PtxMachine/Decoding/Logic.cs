using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Moves, choices and logic, on numbers and on predicates.</summary>
internal static class Logic
{
    public static IEnumerable<KeyValuePair<string, Factory>> Instructions =>
    [
        .. OfBits<uint>("b16"),
        .. OfBits<uint>("b32"),
        .. OfBits<ulong>("b64"),
        new("mov.f32", Arithmetic.One<uint, Copy<uint>>),
        new("mov.u32", Arithmetic.One<uint, Copy<uint>>),
        new("mov.s32", Arithmetic.One<uint, Copy<uint>>),
        new("mov.u64", Arithmetic.One<ulong, Copy<ulong>>),
        new("mov.s64", Arithmetic.One<ulong, Copy<ulong>>),
        new("selp.f32", Choose<uint>),

        // Addresses of the two are the host's, so they are the same in every space.
        new("cvta.to.global.u64", Arithmetic.One<ulong, Copy<ulong>>),
        new("cvta.global.u64", Arithmetic.One<ulong, Copy<ulong>>),

        new("mov.pred", operands => Predicates(operands, (a, _) => a)),
        new("not.pred", operands => Predicates(operands, (a, _) => ~a)),
        new("and.pred", operands => Predicates(operands, (a, b) => a & b)),
        new("or.pred", operands => Predicates(operands, (a, b) => a | b)),
        new("xor.pred", operands => Predicates(operands, (a, b) => a ^ b)),
        new("testp.notanumber.f32", operands => NotANumber(operands)),
        new("membar.cta", _ => new Nothing()),
        new("membar.gl", _ => new Nothing()),
    ];

    private static IEnumerable<KeyValuePair<string, Factory>> OfBits<T>(string type)
        where T : unmanaged =>
    [
        new($"mov.{type}", Arithmetic.One<T, Copy<T>>),
        new($"not.{type}", Arithmetic.One<T, Complement<T>>),
        new($"and.{type}", Arithmetic.Two<T, And<T>>),
        new($"or.{type}", Arithmetic.Two<T, Or<T>>),
        new($"xor.{type}", Arithmetic.Two<T, Xor<T>>),
        new($"selp.{type}", Choose<T>),
    ];

    private static unsafe Select<T> Choose<T>(Operands operands)
        where T : unmanaged =>
        new(operands.Target(0, sizeof(T)), operands.Source(1, sizeof(T)), operands.Source(2, sizeof(T)), operands.Source(3, 0));

    private static PredicateLogic Predicates(Operands operands, Func<uint, uint, uint> operation) =>
        new(operands.Target(0, 0), operands.Source(1, 0), operands.Source(operands.Count - 1, 0), operation);

    private static Compare<float, IsEqual> NotANumber(Operands operands)
    {
        int number = operands.Source(1, sizeof(float));
        return new(operands.Target(0, 0), number, number, opposite: true);
    }
}
