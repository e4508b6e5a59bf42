using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Layer normalization of tokens, and its gradients.</summary>
internal static class LayerNormReference
{
    public static (BoundedMatrix Y, Bounded[] Mean, Bounded[] InverseDeviation) Forward(Matrix x, double[] weight, double[] bias, double epsilon)
    {
        BoundedMatrix y = new(x.Rows, x.Columns);
        Bounded[] means = new Bounded[x.Columns];
        Bounded[] inverses = new Bounded[x.Columns];
        for (int t = 0; t < x.Columns; t++)
        {
            BoundedSum sum = default;
            for (int f = 0; f < x.Rows; f++)
            {
                sum.Add(x[f, t]);
            }

            Bounded mean = sum.Total * Bounded.Constant(1.0 / x.Rows);
            BoundedSum squares = default;
            for (int f = 0; f < x.Rows; f++)
            {
                squares.Add((x[f, t] - mean) * (x[f, t] - mean));
            }

            Bounded inverse = 1 / Bounded.Sqrt((squares.Total * Bounded.Constant(1.0 / x.Rows)) + epsilon);
            for (int f = 0; f < x.Rows; f++)
            {
                y[f, t] = ((x[f, t] - mean) * inverse * weight[f]) + bias[f];
            }

            means[t] = mean;
            inverses[t] = inverse;
        }

        return (y, means, inverses);
    }

    /// <summary>The gradients; those of the parameters come on top of what is there, dx on <paramref name="oldDx"/> where given.</summary>
    public static (BoundedMatrix Dx, Bounded[] Weight, Bounded[] Bias) Backward(
        Matrix x, double[] weight, double[] mean, double[] inverseDeviation, Matrix dy, Matrix? oldDx, double[] oldWeight, double[] oldBias)
    {
        BoundedMatrix dx = new(x.Rows, x.Columns);
        BoundedSum[] weightSums = new BoundedSum[x.Rows];
        BoundedSum[] biasSums = new BoundedSum[x.Rows];
        for (int f = 0; f < x.Rows; f++)
        {
            weightSums[f].Add(oldWeight[f]);
            biasSums[f].Add(oldBias[f]);
        }

        for (int t = 0; t < x.Columns; t++)
        {
            BoundedSum gradients = default;
            BoundedSum products = default;
            for (int f = 0; f < x.Rows; f++)
            {
                Bounded normalized = Normalized(f);
                gradients.Add((Bounded)weight[f] * dy[f, t]);
                products.Add((Bounded)weight[f] * dy[f, t] * normalized);
                weightSums[f].Add(dy[f, t] * normalized);
                biasSums[f].Add(dy[f, t]);
            }

            Bounded perFeature = Bounded.Constant(1.0 / x.Rows);
            for (int f = 0; f < x.Rows; f++)
            {
                Bounded shared = perFeature * (gradients.Total + (Normalized(f) * products.Total));
                Bounded gradient = inverseDeviation[t] * (((Bounded)weight[f] * dy[f, t]) - shared);
                dx[f, t] = oldDx is null ? gradient : oldDx[f, t] + gradient;
            }

            Bounded Normalized(int f) => ((Bounded)x[f, t] - mean[t]) * inverseDeviation[t];
        }

        return (dx, [.. weightSums.Select(s => s.Total)], [.. biasSums.Select(s => s.Total)]);
    }
}
