using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>Logic on predicates, all lanes of one in a word.</summary>
internal sealed class PredicateLogic(int to, int a, int b, Func<uint, uint, uint> operation) : Instruction
{
    public override void Run(Warp warp) => warp.SetPredicate(to, operation(warp.Predicate(a), warp.Predicate(b)));
}

/// <summary>A comparison, or where a predicate holds already.</summary>
/// <param name="comparison">The comparison.</param>
/// <param name="to">Its predicate.</param>
/// <param name="predicate">The other one.</param>
internal sealed class OrPredicate(Instruction comparison, int to, int predicate) : Instruction
{
    public override void Run(Warp warp)
    {
        // Both may be one register.
        uint holds = warp.Predicate(predicate);
        comparison.Run(warp);
        warp.SetPredicate(to, holds | warp.Predicate(to));
    }
}

/// <summary>An instruction that only those lanes execute in which a predicate holds, or does not.</summary>
internal sealed class Guarded(Instruction instruction, int predicate, bool negated) : Instruction
{
    public Instruction Instruction => instruction;

    public override void Run(Warp warp)
    {
        uint all = warp.Mask;
        uint lanes = warp.Predicate(predicate);
        warp.Mask = all & (negated ? ~lanes : lanes);
        if (warp.Mask != 0)
        {
            instruction.Run(warp);
        }

        warp.Mask = all;
    }
}

/// <summary>A fence: groups run one after the other, and what warps write is seen at once. It orders no races away.</summary>
internal sealed class Nothing : Instruction
{
    public override void Run(Warp warp)
    {
    }
}
