using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Training;

/// <summary>How long the parts of a run take, as measured.</summary>
/// <param name="Step">A training step, on average over a run whose masks move as they are written to.</param>
/// <param name="UpdateOfElement">A change of masks, for each element of the weights that it is about.</param>
/// <param name="Evaluation">An evaluation with its sample of text; 0 where the run has none.</param>
/// <param name="Checkpoint">A checkpoint.</param>
/// <param name="Start">What comes once, before the first step.</param>
/// <param name="Weights">The weights whose masks move: when, as it is written, and how many elements.</param>
internal sealed record MeasuredSeconds(
    double Step, double UpdateOfElement, double Evaluation, double Checkpoint, double Start,
    ImmutableArray<(DynamicSparsity Dynamic, long Elements)> Weights)
{
    /// <summary>The mean of seconds that depend on the operations of a step, over a run.</summary>
    /// <param name="points">Measured: the operations and the seconds of a step.</param>
    /// <param name="flopsOf">The operations of each step of the run, 1 for the first.</param>
    /// <param name="written">The run's steps.</param>
    public static double Mean(ImmutableArray<(double Flops, double Seconds)> points, Func<int, double> flopsOf, int written)
    {
        if (points.Length == 1)
        {
            return points[0].Seconds;
        }

        // So many steps, evenly over the run, stand for all.
        const int Most = 500;
        ImmutableArray<(double Flops, double Seconds)> ascending = [.. points.OrderBy(point => point.Flops)];
        int samples = Math.Min(written, Most);
        return Enumerable.Range(0, samples).Average(sample => Between(ascending, flopsOf(1 + (int)((long)sample * written / samples))));
    }

    /// <summary>On the straight line between the nearest points.</summary>
    private static double Between(ImmutableArray<(double Flops, double Seconds)> points, double flops)
    {
        int above = points.Select(point => point.Flops).TakeWhile(known => known < flops).Count();
        if (above == 0 || above == points.Length)
        {
            return points[Math.Min(above, points.Length - 1)].Seconds;
        }

        ((double low, double fast), (double high, double slow)) = (points[above - 1], points[above]);
        return fast + ((slow - fast) * (flops - low) / (high - low));
    }
}

/// <summary>Chooses the steps of a run by the time that they take: the same measurements give the same steps.</summary>
internal static class BudgetPlan
{
    /// <summary>The most steps that fit.</summary>
    /// <param name="run">The run, its schedules as they are written.</param>
    /// <param name="written">The steps that they are written for.</param>
    /// <param name="measured">How long its parts take.</param>
    /// <param name="secondsLeft">The time there is.</param>
    /// <returns>Null where not even one does.</returns>
    public static int? Steps(RunParameters run, int written, MeasuredSeconds measured, double secondsLeft)
    {
        long most = (long)Math.Clamp(secondsLeft / measured.Step, 0, int.MaxValue);
        long fewest = 0;

        // With more steps all takes longer, but for a rounding.
        while (fewest < most)
        {
            long middle = fewest + ((most - fewest + 1) / 2);
            if (Seconds(run, written, measured, (int)middle) <= secondsLeft)
            {
                fewest = middle;
            }
            else
            {
                most = middle - 1;
            }
        }

        return fewest > 0 ? (int)fewest : null;
    }

    /// <summary>What the run takes with so many steps.</summary>
    public static double Seconds(RunParameters run, int written, MeasuredSeconds measured, int steps)
    {
        Stretch stretch = new(written, steps);
        RunConfig config = run.RunConfig;
        double evaluations = 1 + (config.EvalFrequency is { } frequency ? (steps - 1) / stretch.Length(frequency) : 0);
        double checkpoints = 1 + (config.CheckpointSteps > 0 ? (steps - 1) / stretch.Length(config.CheckpointSteps) : 0);
        checkpoints += config.SaveInitialCheckpoint ? 1 : 0;

        // The loss of most evaluations is the lowest so far.
        checkpoints += config.KeepBest && measured.Evaluation > 0 ? evaluations : 0;
        double updated = measured.Weights
            .GroupBy(weight => weight.Dynamic)
            .Sum(group => (double)group.Sum(weight => weight.Elements) * UpdatesUntil(SparsityStretch.Of(stretch, group.Key).Updates, steps));
        return measured.Start + (steps * measured.Step) + (updated * measured.UpdateOfElement) + (evaluations * measured.Evaluation)
            + (checkpoints * measured.Checkpoint);
    }

    // The choice of the first masks, at step 0, is no change.
    private static int UpdatesUntil(UpdateSchedule updates, int steps) =>
        updates.CountBefore(steps) + (updates.Contains(steps) ? 1 : 0) - (updates.Contains(0) ? 1 : 0);
}
