using System.Runtime.CompilerServices;

namespace SparseEngine.Models;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>The probability of a value below <paramref name="x"/>, to about 1e-16 absolute.</summary>
    /// <remarks>The Taylor series of Marsaglia, "Evaluating the normal distribution", Journal of Statistical Software 11 (2004).</remarks>
    public static double Cumulative(double x)
    {
        // Beyond 8 deviations the probability is 0 or 1 to that precision, and the series would lose it.
        if (Math.Abs(x) > 8)
        {
            return x < 0 ? 0 : 1;
        }

        double sum = x;
        double term = x;
        for (int i = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum); i += 2)
        {
            term *= x * x / i;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI));
    }

    /// <summary>The value below which a draw falls with probability <paramref name="p"/> in (0, 1), to about 1e-16 relative.</summary>
    /// <remarks>Algorithm AS 241 (PPND16) of Wichura, "The percentage points of the normal distribution", Applied Statistics 37 (1988).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Quantile(double p)
    {
        double q = p - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            double central = 0.180625 - (q * q);
            return q * Ratio(central, CentralNumerator, CentralDenominator);
        }

        double r = Math.Sqrt(-Math.Log(q < 0 ? p : 1 - p));
        double tail = r <= 5 ? Ratio(r - 1.6, MiddleNumerator, MiddleDenominator) : Ratio(r - 5, FarNumerator, FarDenominator);
        return q < 0 ? -tail : tail;
    }

    private static ReadOnlySpan<double> CentralNumerator =>
    [
        3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
        4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
    ];

    private static ReadOnlySpan<double> CentralDenominator =>
    [
        1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
        2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
    ];

    private static ReadOnlySpan<double> MiddleNumerator =>
    [
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ];

    private static ReadOnlySpan<double> MiddleDenominator =>
    [
        1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ];

    private static ReadOnlySpan<double> FarNumerator =>
    [
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ];

    private static ReadOnlySpan<double> FarDenominator =>
    [
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ];

    /// <summary>The quotient of two polynomials, lowest coefficient first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Ratio(double x, ReadOnlySpan<double> numerator, ReadOnlySpan<double> denominator)
    {
        double above = 0;
        double below = 0;
        for (int i = numerator.Length - 1; i >= 0; i--)
        {
            above = (above * x) + numerator[i];
            below = (below * x) + denominator[i];
        }

        return above / below;
    }
}
