namespace SparseEngine.PtxMachine.Syntax;

/// <summary>What an instruction is given.</summary>
public abstract record Operand;

/// <summary>A register, a special register, a label or a variable: %r1, %tid.x, L_1, __shared_alloca0.</summary>
public sealed record NameOperand(string Name) : Operand
{
    public bool IsRegister => Name.StartsWith('%');
}

/// <summary>A number, as the bits that a register holds of it.</summary>
public sealed record NumberOperand(ulong Bits) : Operand;

/// <summary>A place in memory: a register's or a variable's value and an offset from it.</summary>
public sealed record AddressOperand(string Base, int Offset) : Operand;

/// <summary>Registers or numbers side by side.</summary>
public sealed record VectorOperand(IReadOnlyList<Operand> Elements) : Operand;
