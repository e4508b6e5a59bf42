using SparseEngine.Configuration;

namespace SparseEngine.Training;

/// <summary>The learning rate as a function of the step.</summary>
/// <remarks>Formulas: Model Zoo 1.8's learning-rate schedulers, which follow those of TensorFlow and PyTorch.</remarks>
public sealed class LearningRateSchedule
{
    private readonly LearningRateParameters parameters;

    /// <summary>Takes the optimizer's learning rate.</summary>
    public LearningRateSchedule(LearningRateParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        this.parameters = parameters;
    }

    /// <summary>The rate of an update.</summary>
    /// <param name="step">The schedule's position: 0 for the first update.</param>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return parameters.Chained ? Chained(step) : Sequential(step);
    }

    // Each scheduler counts from its own start; the last one goes on for ever.
    private double Sequential(long step)
    {
        long start = 0;
        foreach (SchedulerParameters scheduler in parameters.Schedulers.SkipLast(1))
        {
            long end = start + scheduler.Steps!.Value;
            if (step < end)
            {
                return Rate(scheduler, step - start);
            }

            start = end;
        }

        return Rate(parameters.Schedulers[^1], step - start);
    }

    // As PyTorch's ChainedScheduler: each scheduler multiplies the rate by its own change since its first step.
    private double Chained(long step)
    {
        double rate = Rate(parameters.Schedulers[0], step);
        foreach (SchedulerParameters scheduler in parameters.Schedulers.Skip(1))
        {
            double first = Rate(scheduler, 0);
            rate *= first == 0 ? 0 : Rate(scheduler, step) / first;
        }

        return rate;
    }

    private static double Rate(SchedulerParameters scheduler, long t) => scheduler switch
    {
        ConstantScheduler constant => constant.LearningRate,
        PolynomialScheduler polynomial => Polynomial(polynomial, t),
        ExponentialScheduler exponential => exponential.Initial * Math.Pow(exponential.DecayRate, Exponent(exponential, t)),
        InverseSquareRootDecayScheduler decay => decay.Initial * decay.Scale / Math.Sqrt(Math.Max(t, decay.WarmupSteps)),
        CosineDecayScheduler cosine => cosine.End + ((cosine.Initial - cosine.End) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(t, cosine.DecaySteps) / cosine.DecaySteps))),
        PiecewiseConstantScheduler pieces => pieces.Values[pieces.Boundaries.Count(boundary => t > boundary)],
        _ => throw new NotSupportedException($"no formula for {scheduler.GetType().Name}"),
    };

    private static double Polynomial(PolynomialScheduler scheduler, long t)
    {
        double steps = scheduler.DecaySteps;
        if (scheduler.Cycle)
        {
            steps *= Math.Ceiling((t + 1) / steps);
        }
        else if (t >= steps)
        {
            return scheduler.End;
        }

        return scheduler.End + ((scheduler.Initial - scheduler.End) * Math.Pow(1 - (t / steps), scheduler.Power));
    }

    private static double Exponent(ExponentialScheduler scheduler, long t)
    {
        double exponent = (double)t / scheduler.DecaySteps;
        return scheduler.Staircase ? Math.Floor(exponent) : exponent;
    }
}
