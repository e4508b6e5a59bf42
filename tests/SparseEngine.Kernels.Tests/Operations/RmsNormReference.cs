using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Normalization of tokens by the root of their mean square, and its gradients.</summary>
internal static class RmsNormReference
{
    public static (BoundedMatrix Y, Bounded[] InverseRoot) Forward(Matrix x, double[] weight, double epsilon)
    {
        BoundedMatrix y = new(x.Rows, x.Columns);
        Bounded[] inverses = new Bounded[x.Columns];
        for (int t = 0; t < x.Columns; t++)
        {
            BoundedSum squares = default;
            for (int f = 0; f < x.Rows; f++)
            {
                squares.Add((Bounded)x[f, t] * x[f, t]);
            }

            Bounded inverse = 1 / Bounded.Sqrt((squares.Total * Bounded.Constant(1.0 / x.Rows)) + epsilon);
            for (int f = 0; f < x.Rows; f++)
            {
                y[f, t] = x[f, t] * inverse * weight[f];
            }

            inverses[t] = inverse;
        }

        return (y, inverses);
    }

    /// <summary>The gradients; the weight's comes on top of what is there, dx on <paramref name="oldDx"/> where given.</summary>
    public static (BoundedMatrix Dx, Bounded[] Weight) Backward(
        Matrix x, double[] weight, double[] inverseRoot, Matrix dy, Matrix? oldDx, double[] oldWeight)
    {
        BoundedMatrix dx = new(x.Rows, x.Columns);
        BoundedSum[] weightSums = new BoundedSum[x.Rows];
        for (int f = 0; f < x.Rows; f++)
        {
            weightSums[f].Add(oldWeight[f]);
        }

        for (int t = 0; t < x.Columns; t++)
        {
            BoundedSum products = default;
            for (int f = 0; f < x.Rows; f++)
            {
                products.Add((Bounded)weight[f] * dy[f, t] * Normalized(f));
                weightSums[f].Add(dy[f, t] * Normalized(f));
            }

            for (int f = 0; f < x.Rows; f++)
            {
                Bounded shared = Bounded.Constant(1.0 / x.Rows) * (Normalized(f) * products.Total);
                Bounded gradient = inverseRoot[t] * (((Bounded)weight[f] * dy[f, t]) - shared);
                dx[f, t] = oldDx is null ? gradient : oldDx[f, t] + gradient;
            }

            Bounded Normalized(int f) => (Bounded)x[f, t] * inverseRoot[t];
        }

        return (dx, [.. weightSums.Select(s => s.Total)]);
    }
}
