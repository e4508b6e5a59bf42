using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Makes an instruction of its operands.</summary>
internal delegate Instruction Factory(Operands operands);

/// <summary>The instructions that this machine knows, by their names with all modifiers.</summary>
internal static class InstructionSet
{
    private static readonly Dictionary<string, Factory> Factories =
        new(Arithmetic.Instructions.Concat(Integers.Instructions).Concat(Logic.Instructions).Concat(Conversions.Instructions));

    /// <summary>Makes an instruction, or null for one that it does not know.</summary>
    public static Instruction? Make(string name, Operands operands)
    {
        if (Factories.TryGetValue(name, out Factory? factory))
        {
            return factory(operands);
        }

        string[] parts = name.Split('.');
        return parts[0] switch
        {
            "setp" => Comparisons.Make(parts, operands),
            "ld" or "st" => MemoryAccess.Make(parts, operands),
            "red" or "atom" => AtomicAccess.Make(parts, operands),
            "shfl" => Shuffles.Make(parts, operands),
            _ => null,
        };
    }
}
