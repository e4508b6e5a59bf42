namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>A row-major matrix of a test's numbers. As an operation's input it holds float32 values.</summary>
internal sealed record Matrix(int Rows, int Columns, double[] Values)
{
    public Matrix(int rows, int columns)
        : this(rows, columns, new double[rows * columns])
    {
    }

    public double this[int row, int column]
    {
        get => Values[(row * Columns) + column];
        set => Values[(row * Columns) + column] = value;
    }
}

/// <summary>The matrix that a reference computes.</summary>
internal sealed record BoundedMatrix(int Rows, int Columns)
{
    public Bounded[] Values { get; } = new Bounded[Rows * Columns];

    public Bounded this[int row, int column]
    {
        get => Values[(row * Columns) + column];
        set => Values[(row * Columns) + column] = value;
    }

    /// <summary>The values as float32 rounds them: the exact input of what comes next.</summary>
    public Matrix ToFloat32() => new(Rows, Columns, [.. Values.Select(v => (double)(float)v.Value)]);
}
