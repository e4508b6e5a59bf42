namespace SparseEngine.PtxMachine.Execution;

/// <summary>What a kernel does that a GPU gets wrong.</summary>
public sealed class PtxFaultException(string kernel, int line, string message) : Exception(message)
{
    public string Kernel { get; } = kernel;

    /// <summary>The line in the kernel's PTX.</summary>
    public int Line { get; } = line;
}
