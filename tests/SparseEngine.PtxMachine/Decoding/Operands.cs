using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Syntax;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>An instruction's operands as places in a warp's registers.</summary>
internal sealed class Operands(InstructionStatement statement, KernelText text, RegisterFile registers, IReadOnlyDictionary<string, int> variables)
{
    public int Count => statement.Operands.Count;

    /// <summary>Bytes a lane of a register: 0 for a predicate. Narrow numbers lie in 32 bits.</summary>
    public int Width(int operand) => WidthOf(Name(operand));

    /// <summary>A register that takes a result.</summary>
    public int Target(int operand, int width)
    {
        string name = Name(operand);
        return WidthOf(name) == width ? registers.Register(name, width) : throw Unknown();
    }

    /// <summary>A register or a number that is read.</summary>
    public int Source(int operand, int width) => Source(statement.Operands[operand], width);

    /// <summary>The number that an operand is, or null.</summary>
    public ulong? Number(int operand) => (statement.Operands[operand] as NumberOperand)?.Bits;

    /// <summary>The registers of a vector, or one.</summary>
    public int[] Vector(int operand, int width) => statement.Operands[operand] switch
    {
        VectorOperand vector => [.. vector.Elements.Select(element => Source(element, width))],
        _ => [Source(operand, width)],
    };

    /// <summary>The register with an address and the offset from it.</summary>
    public (int Register, int Offset) Address(int operand) => statement.Operands[operand] is AddressOperand address
        ? (Source(new NameOperand(address.Base), sizeof(ulong)), address.Offset)
        : throw Unknown();

    /// <summary>A place in the kernel's arguments.</summary>
    public int Argument(int operand, int bytes)
    {
        return statement.Operands[operand] is AddressOperand address && text.Parameters.TryGetValue(address.Base, out int size)
            && address.Offset + bytes <= size
                ? address.Offset
                : throw Unknown();
    }

    /// <summary>The register that guards the instruction.</summary>
    public int Guard => registers.Register(statement.Guard!, 0);

    /// <summary>The error for an instruction that this machine does not know.</summary>
    public PtxSyntaxException Unknown() => new(statement.Line, $"unknown instruction '{statement.Text}'");

    private int Source(Operand operand, int width) => operand switch
    {
        NumberOperand number => registers.Constant(number.Bits, width),
        NameOperand name when variables.TryGetValue(name.Name, out int place) => registers.Constant((ulong)place, width),
        NameOperand name when SpecialRegisters.IsKnown(name.Name) && width == sizeof(int) => registers.SpecialRegister(name.Name),
        NameOperand name when WidthOf(name.Name) == width => registers.Register(name.Name, width),
        _ => throw Unknown(),
    };

    private string Name(int operand) => statement.Operands[operand] is NameOperand { IsRegister: true } register ? register.Name : throw Unknown();

    private int WidthOf(string register) => text.TypeOf(register, statement.Line) switch
    {
        "pred" => 0,
        "b8" or "b16" or "b32" or "f32" => sizeof(uint),
        "b64" => sizeof(ulong),
        _ => throw Unknown(),
    };
}
