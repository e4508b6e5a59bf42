using System.Globalization;
using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.DataParallel;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Runs that have as many steps as a time budget allows, or allowed before: all their schedules are stretched over them.</summary>
internal static class TimeBudget
{
    /// <summary>The checkpoint's metadata key that holds the steps.</summary>
    public const string Key = "budget.steps";

    /// <summary>The steps that a checkpoint's run has by its budget; null where it has none.</summary>
    public static int? Read(CheckpointReader checkpoint) =>
        int.TryParse(checkpoint.Metadata.GetValueOrDefault(Key), NumberStyles.None, CultureInfo.InvariantCulture, out int steps) && steps > 0
            ? steps
            : null;

    /// <summary>Settles how many steps the run has, and stretches its schedules over them.</summary>
    /// <param name="context">The run.</param>
    /// <param name="start">Where it starts: one that goes on has the steps that it had.</param>
    /// <param name="batchesPerEpoch">Whole batches in the training data.</param>
    /// <param name="trial">Times steps where that is needed.</param>
    /// <param name="stop">Ends the timing.</param>
    /// <returns>The run as it is to be trained; null where it is to stop.</returns>
    /// <exception cref="ConfigurationException">
    /// The budget is not enough for a step, or not that of the run that the checkpoint is of.
    /// </exception>
    public static RunParameters? Settle(RunContext context, StartingPoint start, int batchesPerEpoch, BudgetTrial trial, CancellationToken stop)
    {
        RunParameters run = context.Parameters;
        RunConfig config = run.RunConfig;
        if (config is { TimeBudget: null, BudgetSteps: null })
        {
            if (start.BudgetSteps is { } left)
            {
                context.Logger.LogWarning(
                    "{Path} is of a run whose schedules were stretched over {Steps} steps; this run takes them as they are written. "
                    + "--budget_steps {StepsAgain} goes on as it began.",
                    start.Path,
                    left,
                    left);
            }

            return run;
        }

        int written = RunLength.LastStep(config, done: 0, batchesPerEpoch);
        if (start.BudgetSteps is { } known)
        {
            RequireSame(run, start, known);
            context.Logger.LogInformation("{Choice}", $"the run goes on to step {Quantity.Count(known)}: {InWords(new Stretch(written, known))}");
            return new Stretch(written, known).Of(run);
        }

        if (start.Step > 0)
        {
            throw Error(
                run, $"does not go with {start.Path}, whose run has its schedules as they are written; leave it out, or give another model_dir");
        }

        if (config.BudgetSteps is { } given)
        {
            context.Logger.LogInformation("{Choice}", $"budget of {Quantity.Count(given, "step")}: {InWords(new Stretch(written, given))}");
            return new Stretch(written, given).Of(run);
        }

        return Choose(context, written, trial, stop);
    }

    /// <summary>What stretching does to schedules.</summary>
    private static string InWords(Stretch stretch) => string.Create(
        CultureInfo.InvariantCulture, $"the schedules, written for {Quantity.Count(stretch.Written, "step")}, are stretched by {stretch.Ratio:G3}");

    private static RunParameters? Choose(RunContext context, int written, BudgetTrial trial, CancellationToken stop)
    {
        RunParameters run = context.Parameters;
        if (trial.Run(written, stop) is not { } measured)
        {
            return null;
        }

        // What one rank measures, all go by.
        double budget = run.RunConfig.TimeBudget!.Value.TotalSeconds;
        int steps = (int)FirstRank.Number(context.Ranks, () => BudgetPlan.Steps(run, written, measured, budget - trial.Elapsed) ?? 0);
        if (steps == 0)
        {
            throw Error(run, string.Create(
                CultureInfo.InvariantCulture,
                $"is {budget:G5} s, of which {trial.Elapsed:0.0} s are over before the first step; one with its evaluation and checkpoint takes ")
                + string.Create(CultureInfo.InvariantCulture, $"{BudgetPlan.Seconds(run, written, measured, 1):0.0} s more"));
        }

        Stretch stretch = new(written, steps);
        string step = string.Create(CultureInfo.InvariantCulture, $"{1000 * measured.Step:0.##} ms");
        context.Logger.LogInformation(
            "{Choice}",
            string.Create(CultureInfo.InvariantCulture, $"time budget {budget:G6} s: {Quantity.Count(steps, "step")} of {step}; {InWords(stretch)}"));
        return stretch.Of(run);
    }

    private static void RequireSame(RunParameters run, StartingPoint start, int known)
    {
        if (run.RunConfig.BudgetSteps is { } given && given != known)
        {
            throw Error(run, string.Create(
                CultureInfo.InvariantCulture,
                $"is {given}, and {start.Path} is of a run that has {known}; give that number, or another model_dir"));
        }
    }

    private static ConfigurationException Error(RunParameters run, string text)
    {
        string name = run.RunConfig.BudgetSteps is null ? "time_budget" : "budget_steps";
        bool isOption = run.Overrides.TimeBudget is not null || run.Overrides.BudgetSteps is not null;
        return new ConfigurationException([new Diagnostic(run.File, $"{(isOption ? $"--{name}" : run.Keys[$"runconfig.{name}"])} {text}")]);
    }
}
