using SparseEngine.PtxMachine.Syntax;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Which products and sums NVIDIA's assembler makes one instruction of, unless it is told not to.</summary>
internal static class Fusion
{
    /// <summary>The lines of additions and subtractions of a product that nothing else takes, written in the same block.</summary>
    public static HashSet<int> Lines(IEnumerable<InstructionStatement> statements)
    {
        InstructionStatement[] all = [.. statements];
        Dictionary<string, int> uses = [];
        foreach (string name in all.SelectMany(statement => statement.Operands.Skip(1)).SelectMany(Names))
        {
            uses[name] = uses.GetValueOrDefault(name) + 1;
        }

        HashSet<int> lines = [];
        HashSet<string> products = [];
        foreach (InstructionStatement statement in all)
        {
            if (statement.Name is "bra" or "bra.uni" or "ret" or "bar.sync")
            {
                products.Clear();
            }

            if (statement.Operands is not [NameOperand target, ..])
            {
                continue;
            }

            string? product = statement.Operands.Skip(1).SelectMany(Names).FirstOrDefault(products.Contains);
            if (product is not null && statement.Name is "add.f32" or "sub.f32" && uses[product!] == 1)
            {
                lines.Add(statement.Line);
                products.Remove(product!);
            }

            products.Remove(target.Name);
            if (statement.Name == "mul.f32")
            {
                products.Add(target.Name);
            }
        }

        return lines;
    }

    private static IEnumerable<string> Names(Operand operand) => operand switch
    {
        NameOperand name => [name.Name],
        VectorOperand vector => vector.Elements.SelectMany(Names),
        AddressOperand address => [address.Base],
        _ => [],
    };
}
