using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Sweeps;

namespace SparseEngine.Report.Sweeps;

/// <summary>All runs of a sweep, the best first, those without a loss last.</summary>
internal static class SweepRunTable
{
    private const int LongestError = 48;

    /// <summary>A heading, then a row for each run; and the number of each in the figures.</summary>
    public static (IReadOnlyList<IReadOnlyList<string>> Rows, IReadOnlyList<int> Series) Of(SweepRuns runs)
    {
        Dictionary<string, SweptRun> logged = runs.All.ToDictionary(run => run.Name);
        List<(RunDefinition Run, SweepResult Result, int Series)> all =
        [
            .. runs.Definition.Runs.Select((run, index) => (run, runs.Results[index], runs.SeriesOf(run, index)))
                .OrderBy(one => one.Item2.Status == SweepStatus.Done && logged.TryGetValue(one.run.Name, out SweptRun? log)
                    ? runs.ScoreOf(log) ?? double.MaxValue : double.MaxValue),
        ];
        return (
            [
                [
                    "run", "status", "steps", "training loss", "last validation loss", "lowest validation loss", "training time", "training FLOPs",
                    "parameters kept", "of", "error",
                ],
                .. all.Select(one => (IReadOnlyList<string>)
                [
                    one.Run.Name,
                    one.Result.Status.ToString().ToLowerInvariant(),
                    one.Result.Steps > 0 ? Quantity.Count(one.Result.Steps) : "",
                    LossTables.Number(one.Result.TrainingLoss, "0.0000"),
                    LossTables.Number(one.Result.LastValidationLoss, "0.0000"),
                    LossTables.Number(one.Result.BestValidationLoss, "0.0000"),
                    one.Result.Steps > 0 ? Quantity.Duration(one.Result.Seconds) : "",
                    one.Result.Steps > 0 ? Quantity.Operations(one.Result.Flops) : "",
                    Quantity.Count(one.Run.ParametersKept),
                    Quantity.Count(one.Run.Parameters),
                    Shortened(one.Result.Error ?? ""),
                ]),
            ],
            [.. all.Select(one => one.Series)]);
    }

    /// <summary>The beginning of an error; sweep.csv has the whole.</summary>
    private static string Shortened(string error) => error.Length <= LongestError ? error : error[..(LongestError - 1)] + "…";
}
