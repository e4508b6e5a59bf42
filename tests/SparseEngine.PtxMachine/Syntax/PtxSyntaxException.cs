namespace SparseEngine.PtxMachine.Syntax;

/// <summary>PTX that this machine does not know, with its line.</summary>
public sealed class PtxSyntaxException(int line, string what) : Exception($"PTX line {line}: {what}")
{
    public int Line { get; } = line;
}
