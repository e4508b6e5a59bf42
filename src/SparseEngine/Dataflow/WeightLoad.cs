using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Dataflow;

/// <summary>
/// How many weights a matrix [outputs, inputs] brings to the columns of cores, each of which holds a consecutive block of input features.
/// </summary>
internal sealed class WeightLoad
{
    // Where the pattern is known: input i's non-zeros number inputPointers[i + 1] - inputPointers[i], and so for outputs.
    private readonly int[]? inputPointers;
    private readonly int[]? outputPointers;

    private WeightLoad(int outputs, int inputs, long nonZeros, int[]? inputPointers, int[]? outputPointers)
    {
        Outputs = outputs;
        Inputs = inputs;
        NonZeros = nonZeros;
        this.inputPointers = inputPointers;
        this.outputPointers = outputPointers;
    }

    /// <summary>Output features: rows.</summary>
    public int Outputs { get; }

    /// <summary>Input features: columns.</summary>
    public int Inputs { get; }

    /// <summary>The weights that are not zero.</summary>
    public long NonZeros { get; }

    /// <summary>All weights.</summary>
    public long Elements => (long)Outputs * Inputs;

    /// <summary>Whether there are zeros, so that a weight is sent with its index.</summary>
    public bool IsSparse => NonZeros < Elements;

    /// <summary>A matrix of which only the number of non-zeros is known; they lie at random.</summary>
    /// <param name="outputs">Output features.</param>
    /// <param name="inputs">Input features.</param>
    /// <param name="nonZeros">0 to <paramref name="outputs"/> times <paramref name="inputs"/>.</param>
    public static WeightLoad Random(int outputs, int inputs, long nonZeros)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(nonZeros);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nonZeros, (long)outputs * inputs);
        return new WeightLoad(outputs, inputs, nonZeros, null, null);
    }

    /// <summary>A matrix whose pattern is known.</summary>
    public static WeightLoad Of(CsrPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new WeightLoad(pattern.Rows, pattern.ColumnCount, pattern.NonZeros, pattern.ColumnPointers(), pattern.RowPointers.ToArray());
    }

    /// <summary>The transposed matrix [inputs, outputs], which the gradient of the inputs is a product with.</summary>
    public WeightLoad Transposed() => new(Inputs, Outputs, NonZeros, outputPointers, inputPointers);

    /// <summary>
    /// The non-zeros of the busiest of <paramref name="columns"/> columns of cores: counted where the pattern is known, else expected.
    /// </summary>
    public double BusiestColumn(int columns)
    {
        EqualBlocks blocks = new(Inputs, columns);
        if (inputPointers is not null)
        {
            return Enumerable.Range(0, columns).Max(
                column => inputPointers[blocks.FirstOf(column) + blocks.CountOf(column)] - inputPointers[blocks.FirstOf(column)]);
        }

        return (NonZeros * ShareOfWidest(columns)) + ExpectedExcess(columns);
    }

    /// <summary>How many non-zeros the busiest of the columns of cores is expected to have above its share because they lie at random.</summary>
    public double ExpectedExcess(int columns)
    {
        // A column of cores draws some of all elements without replacement; the busiest is one of those with the most features.
        int widest = Inputs % columns == 0 ? columns : Inputs % columns;
        double share = ShareOfWidest(columns);
        double variance = NonZeros * share * (1 - share) * (1 - ((double)NonZeros / Elements));
        return OrderStatistics.ExpectedMaximum(widest) * Math.Sqrt(variance);
    }

    private double ShareOfWidest(int columns) => (double)((Inputs + columns - 1) / columns) / Inputs;
}
