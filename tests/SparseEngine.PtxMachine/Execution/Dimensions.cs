namespace SparseEngine.PtxMachine.Execution;

/// <summary>A size of, or a place in, a grid or a group.</summary>
public readonly record struct Dimensions(int X, int Y, int Z)
{
    public int Count => X * Y * Z;

    /// <summary>The place with this number, X running fastest.</summary>
    public Dimensions At(int index) => new(index % X, index / X % Y, index / X / Y);

    public override string ToString() => $"({X}, {Y}, {Z})";
}
