using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Optimizers;

/// <summary>The learning rate of every step: the Model Zoo 1.8 formulas (modelzoo/common/pytorch/optim/lr_scheduler.py), in double precision.</summary>
/// <param name="parameters">The schedulers.</param>
public sealed class LearningRateSchedule(LearningRateParameters parameters)
{
    private readonly ImmutableArray<SchedulerParameters> _schedulers = parameters.Schedulers;
    private readonly bool _chained = parameters.Chained;

    /// <summary>The learning rate of one update.</summary>
    /// <param name="step">The position in the schedule: 0 for the first update of a fresh run.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return _chained ? Chain(step) : Sequence(step);
    }

    /// <summary>Each scheduler counts from where it begins; a milestone already belongs to the scheduler that begins there.</summary>
    private double Sequence(long step)
    {
        var index = 0;
        while (index < _schedulers.Length - 1 && _schedulers[index].Steps is { } length && step >= length)
        {
            step -= length;
            index++;
        }

        return Rate(_schedulers[index], step);
    }

    private double Chain(long step)
    {
        var rate = Rate(_schedulers[0], step);
        for (var i = 1; i < _schedulers.Length; i++)
        {
            rate *= Rate(_schedulers[i], step) / _schedulers[i].InitialRate;
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
