namespace SparseEngine.PtxMachine.Execution;

/// <summary>What a warp does after a block.</summary>
public enum Flow
{
    /// <summary>It goes on with its next block.</summary>
    Next,

    /// <summary>It waits for the group's other warps.</summary>
    Barrier,

    /// <summary>All its threads have returned.</summary>
    Ended,
}

/// <summary>The end of a block: it says where which lanes go on.</summary>
public abstract class Terminator
{
    /// <summary>Its line in the text.</summary>
    public int Line { get; private set; }

    /// <summary>What stands there.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The blocks that may follow; none where threads end.</summary>
    public abstract IEnumerable<int> Successors { get; }

    public void Place(int line, string text) => (Line, Text) = (line, text);

    public abstract Flow Run(Warp warp, Block block);
}
