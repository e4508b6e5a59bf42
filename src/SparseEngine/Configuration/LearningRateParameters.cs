using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>The learning rate: one or several schedulers.</summary>
/// <param name="Schedulers">In the file's order; at least one.</param>
/// <param name="Chained">
/// False: one after another, each for its <see cref="SchedulerParameters.Steps"/>. True (main_scheduler: chained): all at once, the
/// first one's rate times what fraction of its initial rate each other one is at.
/// </param>
public sealed record LearningRateParameters(ImmutableArray<SchedulerParameters> Schedulers, bool Chained = false);

/// <summary>One scheduler of the learning rate. Its formula is in <see cref="Optimizers.LearningRateSchedule"/>.</summary>
/// <param name="Steps">How many steps it lasts when another follows, and the length of its decay; null where not given.</param>
public abstract record SchedulerParameters(int? Steps)
{
    /// <summary>The rate that a chained scheduler's factor is relative to.</summary>
    internal abstract double InitialRate { get; }
}

/// <summary>A constant rate.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="Steps">How many steps it lasts when another follows.</param>
public sealed record ConstantScheduler(double LearningRate, int? Steps = null) : SchedulerParameters(Steps)
{
    internal override double InitialRate => LearningRate;
}

/// <summary>Linear (power 1) or polynomial decay from one rate to another.</summary>
/// <param name="Initial">The rate at position 0.</param>
/// <param name="End">The rate from position <paramref name="DecaySteps"/> on.</param>
/// <param name="DecaySteps">The length of the decay in steps.</param>
/// <param name="Power">The exponent: 1 for a straight line.</param>
/// <param name="Cycle">As in the file. The Model Zoo's formula holds the end rate after the decay whatever this says, and so does ours.</param>
public sealed record PolynomialScheduler(double Initial, double End, int DecaySteps, double Power = 1, bool Cycle = false)
    : SchedulerParameters(DecaySteps)
{
    internal override double InitialRate => Initial;
}

/// <summary>initial x rate^(t / decay steps), the exponent floored when staircase.</summary>
/// <param name="Initial">The rate at position 0.</param>
/// <param name="DecayRate">The factor of each <paramref name="DecaySteps"/> steps.</param>
/// <param name="DecaySteps">Steps over which the factor applies once.</param>
/// <param name="Staircase">Whether the rate falls in jumps.</param>
/// <param name="Length">How many steps it lasts when another follows.</param>
public sealed record ExponentialScheduler(double Initial, double DecayRate, int DecaySteps, bool Staircase, int? Length) : SchedulerParameters(Length)
{
    internal override double InitialRate => Initial;
}

/// <summary>initial x scale / sqrt(max(t, warm-up steps)).</summary>
/// <param name="Initial">A factor of the rate.</param>
/// <param name="Scale">Another factor of the rate.</param>
/// <param name="WarmupSteps">Steps before the decay begins; at least 1.</param>
/// <param name="Steps">How many steps it lasts when another follows.</param>
public sealed record InverseSquareRootDecayScheduler(double Initial, double Scale, int WarmupSteps, int? Steps) : SchedulerParameters(Steps)
{
    internal override double InitialRate => Initial;
}

/// <summary>Half a cosine from one rate to another (Loshchilov and Hutter, 2017).</summary>
/// <param name="Initial">The rate at position 0.</param>
/// <param name="End">The rate from position <paramref name="DecaySteps"/> on.</param>
/// <param name="DecaySteps">The length of the decay in steps.</param>
public sealed record CosineDecayScheduler(double Initial, double End, int DecaySteps) : SchedulerParameters(DecaySteps)
{
    internal override double InitialRate => Initial;
}

/// <summary>Values with boundaries between them: values[i] for boundaries[i - 1] &lt;= t &lt; boundaries[i].</summary>
/// <param name="Values">The rates.</param>
/// <param name="Boundaries">The positions at which the next rate begins, ascending; one fewer than the rates.</param>
/// <param name="Steps">How many steps it lasts when another follows.</param>
public sealed record PiecewiseConstantScheduler(ImmutableArray<double> Values, ImmutableArray<int> Boundaries, int? Steps)
    : SchedulerParameters(Steps)
{
    /// <summary>What the boundaries may be.</summary>
    internal const string ValidBoundaries = "a list of ascending steps, one fewer than values";

    internal override double InitialRate => Values[0];

    /// <summary>Whether there is a rate, and a boundary between each two.</summary>
    internal bool HasFittingBoundaries =>
        Values is { IsDefaultOrEmpty: false } && !Boundaries.IsDefault && Boundaries.Length == Values.Length - 1
        && Boundaries.All(boundary => boundary > 0) && Boundaries.Zip(Boundaries.Skip(1)).All(pair => pair.First < pair.Second);
}
