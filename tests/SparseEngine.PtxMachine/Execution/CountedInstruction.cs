namespace SparseEngine.PtxMachine.Execution;

/// <summary>What an instruction did in all launches.</summary>
/// <param name="Line">Its line in the text.</param>
/// <param name="Text">What stands there.</param>
/// <param name="Executions">How often a warp executed it.</param>
/// <param name="Lanes">How many threads did, all together.</param>
/// <param name="IsFused">Whether it is an addition that NVIDIA's assembler makes one instruction of with the multiplication before it.</param>
/// <param name="Accesses">Its accesses to memory.</param>
public sealed record CountedInstruction(int Line, string Text, long Executions, long Lanes, bool IsFused, AccessCounts Accesses)
{
    public bool IsGlobal => Text.Contains(".global.", StringComparison.Ordinal);

    public bool IsShared => Text.Contains(".shared.", StringComparison.Ordinal);

    /// <summary>Whether it is a fused multiplication and addition, written as one or made one.</summary>
    public bool IsMultiplyAdd => IsFused || Text.StartsWith("fma.", StringComparison.Ordinal);
}

/// <summary>Accesses of warps to memory.</summary>
/// <param name="Requests">Their number.</param>
/// <param name="Parts">The parts they take: 32-byte sectors of global memory, wavefronts of shared memory's banks.</param>
/// <param name="LeastParts">The parts that as many bytes take at least.</param>
public readonly record struct AccessCounts(long Requests, long Parts, long LeastParts)
{
    public static AccessCounts operator +(AccessCounts a, AccessCounts b) =>
        new(a.Requests + b.Requests, a.Parts + b.Parts, a.LeastParts + b.LeastParts);
}
