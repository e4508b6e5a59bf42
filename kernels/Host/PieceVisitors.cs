using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>Moves pieces of a matrix between CSR order and firing order.</summary>
internal interface IPieceVisitor
{
    /// <summary>Asks for the piece that starts at a CSR position: a few lines at most, a row apart, which the hardware does not foresee.</summary>
    void Foresee(int position);

    /// <summary>Moves a piece.</summary>
    /// <param name="position">Where it starts in CSR order.</param>
    /// <param name="firing">Where it starts in firing order.</param>
    /// <param name="count">Its non-zeros.</param>
    void Visit(int position, int firing, int count);
}

/// <summary>Copies items of any kind into firing order.</summary>
internal readonly struct CopyPieces<T>(T[] source, T[] fired) : IPieceVisitor
{
    public void Foresee(int position)
    {
    }

    public void Visit(int position, int firing, int count) => source.AsSpan(position, count).CopyTo(fired.AsSpan(firing));
}

/// <summary>Looks up what each column has, in firing order.</summary>
internal readonly ref struct LookUpPieces(ColumnIndices columns, ushort[] ofColumn, ushort[] fired) : IPieceVisitor
{
    private readonly ColumnIndices columns = columns;

    public void Foresee(int position)
    {
    }

    public void Visit(int position, int firing, int count)
    {
        ColumnIndices from = columns.Slice(position, count);
        Span<ushort> to = fired.AsSpan(firing, count);
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = ofColumn[from[i]];
        }
    }
}

/// <summary>Copies values into firing order.</summary>
internal readonly unsafe struct GatherPieces(float* values, float* fired) : IPieceVisitor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Foresee(int position) => ShortRuns.Prefetch(values + position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(int position, int firing, int count) => ShortRuns.Copy(values + position, fired + firing, count);
}

/// <summary>Copies gradients out of firing order.</summary>
internal readonly unsafe struct ScatterPieces(float* fired, float* gradient) : IPieceVisitor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Foresee(int position) => ShortRuns.Prefetch(gradient + position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(int position, int firing, int count) => ShortRuns.Copy(fired + firing, gradient + position, count);
}

/// <summary>Adds gradients out of firing order.</summary>
internal readonly unsafe struct AddPieces(float* fired, float* gradient) : IPieceVisitor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Foresee(int position) => ShortRuns.Prefetch(gradient + position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(int position, int firing, int count) => ShortRuns.Add(fired + firing, gradient + position, count);
}
