namespace SparseEngine.Kernels.Sparse;

/// <summary>
/// The columns of a pattern's non-zeros. They are stored with 16 bits where all columns of the matrix have a number of 16 bits, which halves what a
/// pattern takes of memory, and what is read of it; else with 32.
/// </summary>
public readonly ref struct ColumnIndices
{
    private readonly ReadOnlySpan<ushort> narrow;
    private readonly ReadOnlySpan<int> wide;

    internal ColumnIndices(ReadOnlySpan<ushort> narrow, ReadOnlySpan<int> wide)
    {
        this.narrow = narrow;
        this.wide = wide;
    }

    /// <summary>The number of non-zeros.</summary>
    public int Length => narrow.Length + wide.Length;

    /// <summary>The column of a non-zero.</summary>
    public int this[int position] => wide.IsEmpty ? narrow[position] : wide[position];

    /// <summary>Those of <paramref name="length"/> non-zeros from one on.</summary>
    public ColumnIndices Slice(int start, int length) =>
        wide.IsEmpty ? new ColumnIndices(narrow.Slice(start, length), []) : new ColumnIndices([], wide.Slice(start, length));

    /// <summary>A copy as numbers of 32 bits.</summary>
    public int[] ToArray()
    {
        int[] columns = new int[Length];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = this[i];
        }

        return columns;
    }

    /// <summary>Goes through them in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>The place of a column, as <see cref="MemoryExtensions.BinarySearch{T}(ReadOnlySpan{T}, IComparable{T})"/> tells it.</summary>
    internal int BinarySearch(int column) => wide.IsEmpty ? Search(narrow, column) : wide.BinarySearch(column);

    // The column looked for may be the one after the last, which has no number of 16 bits.
    private static int Search(ReadOnlySpan<ushort> columns, int column) =>
        column > ushort.MaxValue ? ~columns.Length : columns.BinarySearch((ushort)column);

    /// <summary>A walk through columns.</summary>
    public ref struct Enumerator
    {
        private readonly ColumnIndices columns;
        private int position;

        internal Enumerator(ColumnIndices columns)
        {
            this.columns = columns;
            position = -1;
        }

        /// <summary>The column at hand.</summary>
        public readonly int Current => columns[position];

        /// <summary>Goes on to the next.</summary>
        public bool MoveNext() => ++position < columns.Length;
    }
}
