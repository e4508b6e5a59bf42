using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>Random inputs, the same for the same seed. All floating-point values are float32 numbers.</summary>
internal sealed class Inputs(int seed)
{
    private readonly Random random = new(seed);

    /// <summary>A normal draw (Box and Muller, 1958).</summary>
    public double Normal(double deviation = 1, double mean = 0) =>
        (float)(mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));

    public double[] Vector(int length, double deviation = 1, double mean = 0)
    {
        double[] values = new double[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = Normal(deviation, mean);
        }

        return values;
    }

    public Matrix Matrix(int rows, int columns, double deviation = 1, double mean = 0) => new(rows, columns, Vector(rows * columns, deviation, mean));

    public int[] Integers(int length, int below)
    {
        int[] values = new int[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = random.Next(below);
        }

        return values;
    }

    /// <summary>A pattern that drops each place with the probability <paramref name="sparsity"/>; rows and columns may end up empty.</summary>
    public CsrPattern Pattern(int rows, int columns, double sparsity)
    {
        bool[] keep = new bool[rows * columns];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = random.NextDouble() >= sparsity;
        }

        return CsrPattern.FromMask(rows, columns, keep);
    }
}
