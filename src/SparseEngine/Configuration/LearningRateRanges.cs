using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>The values that schedulers built in code may have: those that the YAML's learning_rate allows.</summary>
internal static class LearningRateRanges
{
    private const string Key = "optimizer.learning_rate";

    /// <summary>Everything that is out of range, a line each.</summary>
    public static IEnumerable<string> Violations(LearningRateParameters learningRate)
    {
        ImmutableArray<SchedulerParameters> schedulers = learningRate.Schedulers;
        if (schedulers.IsDefaultOrEmpty)
        {
            yield return $"{Key} has no scheduler; valid: one or more";
            yield break;
        }

        for (int index = 0; index < schedulers.Length; index++)
        {
            bool isFollowed = !learningRate.Chained && index < schedulers.Length - 1;
            bool isFactor = learningRate.Chained && index > 0;
            foreach (string text in Violations(schedulers[index], isFollowed, isFactor))
            {
                yield return FormattableString.Invariant($"{Key}[{index}].{text}");
            }
        }
    }

    private static IEnumerable<string> Violations(SchedulerParameters scheduler, bool isFollowed, bool isFactor)
    {
        (string Key, double Value, Interval Valid)[] numbers = NumbersOf(scheduler);
        foreach ((string key, double value, Interval valid) in numbers)
        {
            if (!valid.Contains(value))
            {
                yield return FormattableString.Invariant($"{key} is {value}; valid: {valid}");
            }
        }

        if (scheduler.Steps is < 0 || (scheduler.Steps is null && isFollowed))
        {
            yield return FormattableString.Invariant($"steps is {(object?)scheduler.Steps ?? "missing"}; valid: an integer of at least 0");
        }

        if (scheduler is ExponentialScheduler { DecaySteps: < 1 } exponential)
        {
            yield return FormattableString.Invariant($"decay_steps is {exponential.DecaySteps}; valid: an integer of at least 1");
        }

        if (scheduler is InverseSquareRootDecayScheduler { WarmupSteps: < 1 } inverse)
        {
            yield return FormattableString.Invariant($"warmup_steps is {inverse.WarmupSteps}; valid: an integer of at least 1");
        }

        if (scheduler is PiecewiseConstantScheduler piecewise && !piecewise.HasFittingBoundaries)
        {
            yield return $"boundaries does not fit the values; valid: {PiecewiseConstantScheduler.ValidBoundaries}";
        }
        else if (isFactor && scheduler.InitialRate == 0)
        {
            yield return "scheduler begins at 0, by which a chained scheduler is divided; valid: a first rate above 0";
        }
    }

    private static (string Key, double Value, Interval Valid)[] NumbersOf(SchedulerParameters scheduler) => scheduler switch
    {
        ConstantScheduler constant => [("learning_rate", constant.LearningRate, Interval.NotNegative)],
        PolynomialScheduler polynomial =>
        [
            ("initial_learning_rate", polynomial.Initial, Interval.NotNegative), ("end_learning_rate", polynomial.End, Interval.NotNegative),
            ("power", polynomial.Power, Interval.Positive),
        ],
        CosineDecayScheduler cosine =>
        [
            ("initial_learning_rate", cosine.Initial, Interval.NotNegative), ("end_learning_rate", cosine.End, Interval.NotNegative),
        ],
        ExponentialScheduler exponential =>
        [
            ("initial_learning_rate", exponential.Initial, Interval.NotNegative), ("decay_rate", exponential.DecayRate, Interval.Positive),
        ],
        InverseSquareRootDecayScheduler inverse =>
        [
            ("initial_learning_rate", inverse.Initial, Interval.NotNegative), ("scale", inverse.Scale, Interval.NotNegative),
        ],
        PiecewiseConstantScheduler { Values.IsDefaultOrEmpty: false } piecewise =>
            [.. piecewise.Values.Select(rate => ("values", rate, Interval.NotNegative))],
        _ => [],
    };
}
