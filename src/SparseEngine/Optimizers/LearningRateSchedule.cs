using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Optimizers;

/// <summary>
/// The learning rate of every step: the Model Zoo 1.8 formulas (modelzoo/common/pytorch/optim/lr_scheduler.py), in double precision.
/// </summary>
/// <param name="parameters">The schedulers.</param>
public sealed class LearningRateSchedule(LearningRateParameters parameters)
{
    private readonly ImmutableArray<SchedulerParameters> schedulers = parameters.Schedulers;
    private readonly bool chained = parameters.Chained;

    /// <summary>The learning rate of one update.</summary>
    /// <param name="step">The position in the schedule: 0 for the first update of a fresh run.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return chained ? Chain(step) : Sequence(step);
    }

    /// <summary>Each scheduler counts from where it begins; a milestone already belongs to the scheduler that begins there.</summary>
    private double Sequence(long step)
    {
        int index = 0;
        while (index < schedulers.Length - 1 && schedulers[index].Steps is { } length && step >= length)
        {
            step -= length;
            index++;
        }

        return Rate(schedulers[index], step);
    }

    private double Chain(long step)
    {
        double rate = Rate(schedulers[0], step);
        for (int i = 1; i < schedulers.Length; i++)
        {
            rate *= Rate(schedulers[i], step) / schedulers[i].InitialRate;
        }

        return rate;
    }

    private static double Rate(SchedulerParameters scheduler, long t) => scheduler switch
    {
        ConstantScheduler s => s.LearningRate,
        PolynomialScheduler s => t >= s.DecaySteps ? s.End : s.End + ((s.Initial - s.End) * Math.Pow(1 - ((double)t / s.DecaySteps), s.Power)),
        CosineDecayScheduler s => t >= s.DecaySteps ? s.End : s.End + ((s.Initial - s.End) * 0.5 * (1 + Math.Cos(Math.PI * t / s.DecaySteps))),
        ExponentialScheduler s => s.Initial * Math.Pow(s.DecayRate, s.Staircase ? t / s.DecaySteps : (double)t / s.DecaySteps),
        InverseSquareRootDecayScheduler s => s.Initial * s.Scale / Math.Sqrt(Math.Max(t, s.WarmupSteps)),
        PiecewiseConstantScheduler s => s.Values[s.Boundaries.Count(boundary => t >= boundary)],
        _ => throw new ArgumentException($"There is no formula for {scheduler.GetType().Name}.", nameof(scheduler)),
    };
}
