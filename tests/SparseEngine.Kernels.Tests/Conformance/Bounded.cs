namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>A float64 value, and a bound on how far a float32 computation of it may be off.</summary>
/// <remarks>
/// The tolerances of all conformance tests come from here. References are written in this type, which carries the
/// bound through every operation (running error analysis: Higham, Accuracy and Stability of Numerical Algorithms,
/// 2nd edition, section 3.3), so that a tolerance follows the condition of what is computed. Inputs are exact.
/// </remarks>
/// <param name="Value">The value.</param>
/// <param name="Error">The bound on |float32 result - value|.</param>
internal readonly record struct Bounded(double Value, double Error = 0)
{
    /// <summary>The unit roundoff of float32.</summary>
    public const double Unit = 1.0 / (1 << 24);

    // What VectorMath promises: 2 units in the last place are at most 4 units of roundoff; Erf has an absolute bound.
    private const double FunctionUnits = 4;
    private const double ErfError = 4e-7;

    public static implicit operator Bounded(double exact) => new(exact);

    public static Bounded operator +(Bounded a, Bounded b) => Rounded(a.Value + b.Value, a.Error + b.Error);

    public static Bounded operator -(Bounded a, Bounded b) => Rounded(a.Value - b.Value, a.Error + b.Error);

    public static Bounded operator *(Bounded a, Bounded b) =>
        Rounded(a.Value * b.Value, (Math.Abs(a.Value) * b.Error) + (Math.Abs(b.Value) * a.Error) + (a.Error * b.Error));

    public static Bounded operator /(Bounded a, Bounded b)
    {
        double quotient = a.Value / b.Value;
        return Rounded(quotient, (a.Error + (Math.Abs(quotient) * b.Error)) / (Math.Abs(b.Value) - b.Error));
    }

    /// <summary>A constant that float32 has to round.</summary>
    public static Bounded Constant(double value) => Rounded(value, 0);

    public static Bounded Exp(Bounded x)
    {
        double value = Math.Exp(x.Value);
        return Rounded(value, value * (Math.Exp(x.Error) - 1), FunctionUnits);
    }

    public static Bounded Log(Bounded x) => Rounded(Math.Log(x.Value), x.Error / (x.Value - x.Error), FunctionUnits);

    public static Bounded Sqrt(Bounded x)
    {
        double value = Math.Sqrt(x.Value);
        return Rounded(value, value - Math.Sqrt(Math.Max(0, x.Value - x.Error)));
    }

    public static Bounded Tanh(Bounded x)
    {
        double steepest = Math.Tanh(Math.Max(0, Math.Abs(x.Value) - x.Error));
        return Rounded(Math.Tanh(x.Value), x.Error * (1 - (steepest * steepest)), FunctionUnits);
    }

    public static Bounded Erf(Bounded x)
    {
        double steepest = Math.Max(0, Math.Abs(x.Value) - x.Error);
        return Rounded(SpecialFunctions.Erf(x.Value), ErfError + (x.Error * 2 / Math.Sqrt(Math.PI) * Math.Exp(-steepest * steepest)));
    }

    public static Bounded Sigmoid(Bounded x)
    {
        double steepest = Logistic(Math.Max(0, Math.Abs(x.Value) - x.Error));
        return Rounded(Logistic(x.Value), x.Error * steepest * (1 - steepest), FunctionUnits + 2);

        static double Logistic(double v) => 1 / (1 + Math.Exp(-v));
    }

    private static Bounded Rounded(double value, double error, double units = 1) => new(value, error + (units * Unit * (Math.Abs(value) + error)));
}

/// <summary>A sum of <see cref="Bounded"/> terms that float32 may add in any order.</summary>
/// <remarks>
/// k terms are off by at most c u sqrt(k) sum|terms|, but for a vanishing probability (Higham and Mary, 2019:
/// A new approach to probabilistic rounding error analysis), plus what the terms themselves are off.
/// </remarks>
internal struct BoundedSum
{
    private const double Confidence = 2;
    private double value;
    private double magnitude;
    private double error;
    private int terms;

    public readonly Bounded Total => new(value, error + (Confidence * Bounded.Unit * Math.Sqrt(terms) * magnitude));

    public void Add(Bounded term)
    {
        value += term.Value;
        magnitude += Math.Abs(term.Value);
        error += term.Error;
        terms++;
    }
}
