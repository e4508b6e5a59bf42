using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>A setting that changes over the steps of a run: the hyper-parameter schedules of Model Zoo 2.2 and later, in double precision.</summary>
public abstract record HyperparameterSchedule
{
    /// <summary>The value at an update of the masks.</summary>
    /// <param name="step">Optimizer steps done.</param>
    /// <param name="update">Updates before this one; that of step 0 counts.</param>
    public abstract double At(int step, int update);
}

/// <summary>One value throughout.</summary>
/// <param name="Value">The value.</param>
public sealed record ConstantValue(double Value) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update) => Value;
}

/// <summary>initial + slope x step.</summary>
/// <param name="Initial">The value at step 0.</param>
/// <param name="Slope">What each step adds.</param>
public sealed record LinearValue(double Initial, double Slope) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update) => Initial + (step * Slope);
}

/// <summary>final + (initial - final) x e^(gamma x step).</summary>
/// <param name="Initial">The value at step 0.</param>
/// <param name="Gamma">The rate; negative to approach <paramref name="Final"/>.</param>
/// <param name="Final">What it tends to.</param>
public sealed record ExponentialValue(double Initial, double Gamma, double Final = 1) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update) => Final + ((Initial - Final) * Math.Exp(step * Gamma));
}

/// <summary>initial x beta^step.</summary>
/// <param name="Initial">The value at step 0.</param>
/// <param name="Beta">The factor of each step.</param>
public sealed record PowerValue(double Initial, double Beta) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update) => Initial * Math.Pow(Beta, step);
}

/// <summary>A cosine from the initial value to the minimum, half a period later, and back again.</summary>
/// <param name="Initial">The value at step 0.</param>
/// <param name="HalfPeriod">Steps from the initial value to the minimum.</param>
/// <param name="Minimum">The value half a period from the start.</param>
public sealed record CosineValue(double Initial, double HalfPeriod, double Minimum = 0) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update)
    {
        double middle = (Initial + Minimum) / 2;
        return middle + ((Initial - middle) * Math.Cos(Math.PI * step / HalfPeriod));
    }
}

/// <summary>The next of several values with each update, the first again after the last.</summary>
/// <param name="Values">The values; at least one.</param>
public sealed record CyclingValue(ImmutableArray<double> Values) : HyperparameterSchedule
{
    /// <inheritdoc/>
    public override double At(int step, int update) => Values[update % Values.Length];

    /// <inheritdoc/>
    public bool Equals(CyclingValue? other) => other is not null && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Aggregate(0, HashCode.Combine);
}
