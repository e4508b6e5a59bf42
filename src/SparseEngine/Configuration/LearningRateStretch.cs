using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>Stretches the learning rate: step t of the new run has the rate of step t / ratio of the one that it was written for.</summary>
internal static class LearningRateStretch
{
    /// <summary>The schedulers, stretched. Those in sequence are rounded by where each ends, so that roundings do not add up.</summary>
    public static LearningRateParameters Of(Stretch stretch, LearningRateParameters learningRate)
    {
        ImmutableArray<SchedulerParameters>.Builder schedulers = ImmutableArray.CreateBuilder<SchedulerParameters>();
        long written = 0;
        int end = 0;
        foreach (SchedulerParameters scheduler in learningRate.Schedulers)
        {
            int? steps = null;
            if (scheduler.Steps is { } length)
            {
                int begin = learningRate.Chained ? 0 : end;
                written = (learningRate.Chained ? 0 : written) + length;
                end = Math.Max(begin + (length > 0 ? 1 : 0), stretch.Position(written));
                steps = end - begin;
            }

            schedulers.Add(Of(stretch, scheduler, steps));
        }

        return learningRate with { Schedulers = schedulers.ToImmutable() };
    }

    private static SchedulerParameters Of(Stretch stretch, SchedulerParameters scheduler, int? steps) => scheduler switch
    {
        ConstantScheduler s => s with { Steps = steps },
        PolynomialScheduler s => s with { Steps = steps, DecaySteps = steps ?? s.DecaySteps },
        CosineDecayScheduler s => s with { Steps = steps, DecaySteps = steps ?? s.DecaySteps },
        ExponentialScheduler s => Of(stretch, s, steps),

        // i s / sqrt(t / ratio): the ratio's root is a factor.
        InverseSquareRootDecayScheduler s => s with
        {
            Steps = steps, WarmupSteps = stretch.Length(s.WarmupSteps), Scale = s.Scale * Math.Sqrt(stretch.Ratio),
        },
        PiecewiseConstantScheduler s => s with { Steps = steps, Boundaries = Ascending(stretch, s.Boundaries) },
        _ => throw new ArgumentException($"There is no rule for {scheduler.GetType().Name}.", nameof(scheduler)),
    };

    /// <summary>What rounding takes from the steps of the decay goes into its rate.</summary>
    private static ExponentialScheduler Of(Stretch stretch, ExponentialScheduler scheduler, int? steps)
    {
        int decaySteps = stretch.Length(scheduler.DecaySteps);
        double rate = Math.Pow(scheduler.DecayRate, decaySteps / (scheduler.DecaySteps * stretch.Ratio));
        return scheduler with { Steps = steps, Length = steps, DecaySteps = decaySteps, DecayRate = rate };
    }

    private static ImmutableArray<int> Ascending(Stretch stretch, ImmutableArray<int> boundaries)
    {
        int last = 0;
        return [.. boundaries.Select(boundary => last = Math.Max(last + 1, stretch.Position(boundary)))];
    }
}
