using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>The numbers a key may hold.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end; infinity for none.</param>
/// <param name="LowIncluded">Whether the lower end itself is valid.</param>
/// <param name="HighIncluded">Whether the upper end itself is valid.</param>
internal readonly record struct Interval(double Low, double High, bool LowIncluded, bool HighIncluded = false)
{
    /// <summary>Any finite number.</summary>
    public static Interval Any { get; } = new(double.NegativeInfinity, double.PositiveInfinity, LowIncluded: false);

    /// <summary>0 and above.</summary>
    public static Interval NotNegative { get; } = new(0, double.PositiveInfinity, LowIncluded: true);

    /// <summary>Above 0.</summary>
    public static Interval Positive { get; } = new(0, double.PositiveInfinity, LowIncluded: false);

    /// <summary>[0, 1): sparsities, dropout rates, decays of moments.</summary>
    public static Interval Fraction { get; } = new(0, 1, LowIncluded: true);

    /// <summary>[0, 1]: shares that may be all.</summary>
    public static Interval Share { get; } = new(0, 1, LowIncluded: true, HighIncluded: true);

    /// <summary>(0, 1]: densities.</summary>
    public static Interval PositiveShare { get; } = new(0, 1, LowIncluded: false, HighIncluded: true);

    /// <summary>(0, 1).</summary>
    public static Interval ProperFraction { get; } = new(0, 1, LowIncluded: false);

    /// <summary>Whether a number is valid.</summary>
    public bool Contains(double value) => (LowIncluded ? value >= Low : value > Low) && (HighIncluded ? value <= High : value < High);

    /// <summary>What is valid, in words.</summary>
    public override string ToString() =>
        double.IsNegativeInfinity(Low) ? "a number"
        : double.IsFinite(High) ? Invariant($"a number in {(LowIncluded ? '[' : '(')}{Low}, {High}{(HighIncluded ? ']' : ')')}")
        : LowIncluded ? Invariant($"a number of at least {Low}") : Invariant($"a number above {Low}");
}
