namespace SparseEngine.PtxMachine.Execution;

/// <summary>What a kernel did in all its launches, summed up.</summary>
/// <param name="Instructions">Instructions of warps, one for a product and a sum that the assembler fuses.</param>
/// <param name="MultiplyAdds">Of these the fused multiplications and additions of floats.</param>
/// <param name="Lanes">Threads that took part in an instruction, of a warp's 32 on average.</param>
/// <param name="Global">Accesses to global memory, in sectors of 32 bytes.</param>
/// <param name="Shared">Accesses to shared memory, in wavefronts.</param>
public sealed record KernelCounts(long Instructions, long MultiplyAdds, double Lanes, AccessCounts Global, AccessCounts Shared)
{
    /// <summary>Sums up some instructions of a kernel.</summary>
    public static KernelCounts Of(IEnumerable<CountedInstruction> instructions)
    {
        CountedInstruction[] all = [.. instructions];
        long executions = all.Sum(instruction => instruction.Executions);
        return new KernelCounts(
            executions - all.Where(instruction => instruction.IsFused).Sum(instruction => instruction.Executions),
            all.Where(instruction => instruction.IsMultiplyAdd).Sum(instruction => instruction.Executions),
            (double)all.Sum(instruction => instruction.Lanes) / Math.Max(executions, 1),
            Sum(all.Where(instruction => instruction.IsGlobal)),
            Sum(all.Where(instruction => instruction.IsShared)));
    }

    private static AccessCounts Sum(IEnumerable<CountedInstruction> instructions) =>
        instructions.Aggregate(default(AccessCounts), (sum, instruction) => sum + instruction.Accesses);
}
