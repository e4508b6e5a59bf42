namespace SparseEngine.PtxMachine.Execution;

/// <summary>An argument's memory.</summary>
/// <param name="Start">Its address.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Buffer">Where the buffer starts that it is a part of.</param>
/// <param name="Place">Where the arguments have its address.</param>
public readonly record struct MemoryView(nint Start, long Bytes, int ElementBytes, nint Buffer, int Place)
{
    /// <summary>All arguments, or those that are not told apart.</summary>
    public const ulong AnyArgument = ulong.MaxValue;

    /// <summary>A bit for what the arguments have at a place.</summary>
    public static ulong Argument(int place) => place / sizeof(ulong) < sizeof(ulong) * 8 ? 1ul << (place / sizeof(ulong)) : AnyArgument;
}
