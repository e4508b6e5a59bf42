namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>Elementary functions in float64 that <see cref="Math"/> lacks.</summary>
internal static class SpecialFunctions
{
    /// <summary>The error function, by 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!: no term cancels another.</summary>
    /// <remarks>Abramowitz and Stegun, 7.1.6.</remarks>
    public static double Erf(double x)
    {
        double magnitude = Math.Abs(x);
        if (magnitude > 6)
        {
            // 1 - erf(6) is below float64's resolution at 1.
            return Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
