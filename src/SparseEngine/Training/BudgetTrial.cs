using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using SparseEngine.Accounting;
using SparseEngine.Data;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>
/// Times the parts of a run on a model of its own, which is thrown away: the run starts afterwards as if it had not been. All ranks take part.
/// </summary>
internal sealed class BudgetTrial(
    RunContext run, ImmutableArray<ParameterDefinition> definitions, StartingPoint start, BatchLoader loader, ValidationData? validation,
    TextSamples? text, long began)
{
    // A level is timed by itself where its steps have so many more or fewer operations.
    private const double SameWork = 0.02;

    private readonly double budget = run.Parameters.RunConfig.TimeBudget?.TotalSeconds ?? 0;

    // Seconds until code is compiled and caches are warm, and then for each kind of what is timed.
    private double WarmUp => Math.Clamp(0.01 * budget, Math.Min(2, 0.05 * budget), 10);

    private double Timing => Math.Clamp(0.02 * budget, Math.Min(3, 0.05 * budget), 30);

    /// <summary>Seconds since the run began.</summary>
    public double Elapsed => run.Clock.GetElapsedTime(began).TotalSeconds;

    /// <summary>Times a run whose schedules are written for a number of steps.</summary>
    /// <returns>Null where a rank is asked to stop.</returns>
    public MeasuredSeconds? Run(int written, CancellationToken stop)
    {
        Profile? profile = run.Device.Profile;
        run.Device.Profile = null;
        try
        {
            using EvaluationClock batches = new(run, Timing);
            RunContext context = run with { Logger = NullLogger.Instance, Observer = batches };
            double before = Elapsed;
            using TrainingParts parts = TrainingParts.Build(context, definitions, start, loader, validation, written);
            double building = Elapsed - before;
            TimedSteps steps = new(context, loader, parts);
            steps.Time(WarmUp, stop);
            ImmutableArray<(double Flops, double Seconds)> points = TimePoints(context, parts, steps, written, stop);
            double update = TimeUpdate(parts, steps, written, stop);
            double evaluation = parts.Evaluators is { } evaluators ? batches.Time(evaluators, stop) : 0;
            evaluation += text is null ? 0 : Time(() => text.Draw(parts.Model, step: 0));
            double checkpoint = TimeCheckpoint(parts);
            StepFlops flops = parts.CountFlops(context, loader);
            if (steps.IsStopped)
            {
                return null;
            }

            double step = MeasuredSeconds.Mean(points, number => PlainFlops(flops, number), written);
            return new MeasuredSeconds(
                step, update, evaluation, checkpoint, building,
                [.. parts.Plan.Weights.Where(weight => weight.Dynamic is not null).Select(weight => (weight.Dynamic!, weight.Total))]);
        }
        finally
        {
            run.Device.Profile = profile;
        }
    }

    private static double PlainFlops(StepFlops flops, int step) => flops.Of(step).Executed - flops.DenseGradientsOf(step);

    /// <summary>Times steps at the levels that the run comes by, from its first to its last.</summary>
    private ImmutableArray<(double Flops, double Seconds)> TimePoints(
        RunContext context, TrainingParts parts, TimedSteps steps, int written, CancellationToken stop)
    {
        StepFlops flops = parts.CountFlops(context, loader);
        List<(int Step, double Flops)> levels = [];
        foreach (int step in (int[])[1, 1 + (written / 4), 1 + (written / 2), 1 + (int)(written * 3L / 4), written])
        {
            double work = PlainFlops(flops, Math.Min(step, written));
            if (levels.Count == 0 || Math.Abs(work - levels[^1].Flops) > SameWork * work)
            {
                levels.Add((step, work));
            }
        }

        List<(double Flops, double Seconds)> points = [];
        foreach ((int step, double work) in levels)
        {
            parts.Masks.MoveTo(step - 1);

            // The first steps with new masks decide anew how to multiply.
            steps.Time(points.Count == 0 ? 0 : WarmUp / levels.Count, stop);
            points.Add((work, steps.Time(Timing / levels.Count, stop)));
        }

        return [.. points];
    }

    /// <summary>What a change of masks adds to its step, for each element of the weights that it is about.</summary>
    private static double TimeUpdate(TrainingParts parts, TimedSteps steps, int written, CancellationToken stop)
    {
        if (parts.Plan.NextChangeAfter(0) is not { } update || update > written)
        {
            return 0;
        }

        long elements = parts.Plan.Weights.Where(weight => weight.Dynamic?.ChangesAfter(update) is true).Sum(weight => weight.Total);
        parts.Masks.MoveTo(update);
        steps.TimeOne(stop);
        double plain = steps.TimeOne(stop);

        // Not the first, which has code to compile.
        steps.TimeOne(stop, update);
        double changing = steps.TimeOne(stop, update);
        return Math.Max(0, changing - plain) / elements;
    }

    private double TimeCheckpoint(TrainingParts parts)
    {
        RunCheckpoints checkpoints = new(run.Parameters.RunConfig, run.Parameters.Model, 0, null, run.Observer);
        return run.Ranks.IsFirst ? Time(() => checkpoints.SaveTrial(parts.Optimizer, parts.Masks)) : 0;
    }

    /// <summary>Times what the first rank does alone; twice where that is short, since the first time has code to compile.</summary>
    private double Time(Action action)
    {
        double before = Elapsed;
        action();
        double first = Elapsed - before;
        if (first > Timing)
        {
            return first;
        }

        before = Elapsed;
        action();
        return Elapsed - before;
    }
}
