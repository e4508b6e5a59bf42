namespace SparseEngine.PtxMachine.Execution;

/// <summary>Instructions without a jump into or out of them.</summary>
public sealed class Block(int index, Instruction[] body, Terminator end)
{
    /// <summary>The end of the program, where lanes that return would meet.</summary>
    public const int Exit = -1;

    public int Index { get; } = index;

    public Instruction[] Body { get; } = body;

    public Terminator End { get; } = end;

    /// <summary>Where lanes that part at its end meet again: its immediate post-dominator.</summary>
    public int Rejoin { get; set; } = Exit;
}
