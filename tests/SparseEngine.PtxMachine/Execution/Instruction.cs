namespace SparseEngine.PtxMachine.Execution;

/// <summary>A decoded instruction, which all active lanes of a warp execute at once.</summary>
public abstract class Instruction
{
    /// <summary>Its number in the program.</summary>
    public int Index { get; private set; }

    /// <summary>Its line in the text.</summary>
    public int Line { get; private set; }

    /// <summary>What stands there.</summary>
    public string Text { get; private set; } = "";

    public void Place(int index, int line, string text) => (Index, Line, Text) = (index, line, text);

    public abstract void Run(Warp warp);
}
