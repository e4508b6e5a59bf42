using SparseEngine.Metrics;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>The runs of a sweep in a table.</summary>
internal static class SweepTableView
{
    /// <summary>What the runs have come to.</summary>
    public static ColumnTable Of(SweepGrid grid, IReadOnlyList<SweepResult> results)
    {
        ColumnTable table = Empty();
        foreach ((SweepRun run, SweepResult result) in grid.Runs.Zip(results))
        {
            Add(table, run, result, result.Status.ToString().ToLowerInvariant());
        }

        return table;
    }

    /// <summary>A table without rows.</summary>
    public static ColumnTable Empty() => new(
        new Column("run"), new Column("status"), Column.OfNumbers("steps", givesWay: 2), Column.OfNumbers("time", givesWay: 3),
        Column.OfNumbers("FLOPs", givesWay: 1), Column.OfNumbers("training\nloss"), Column.OfNumbers("validation\nloss"),
        new Column("error", Wraps: true));

    /// <summary>Adds the row of a run.</summary>
    public static void Add(ColumnTable table, SweepRun run, SweepResult result, string status) => table.AddRow(
        run.Name,
        status,
        result.Steps > 0 ? Quantity.Count(result.Steps) : "",
        result.Steps > 0 ? Quantity.Duration(result.Seconds) : "",
        result.Steps > 0 ? Quantity.Operations(result.Flops) : "",
        Loss(result.TrainingLoss),
        Loss(result.LastValidationLoss),
        result.Error ?? "");

    /// <summary>The runs that a sweep would do.</summary>
    public static ColumnTable OfPlan(SweepGrid grid)
    {
        ColumnTable table = new(new Column("run"), Column.OfNumbers("parameters"), Column.OfNumbers("kept"));
        foreach (SweepRun run in grid.Runs)
        {
            table.AddRow(run.Name, Quantity.Count(run.ParameterCount), Quantity.Count(run.ParametersKept));
        }

        return table;
    }

    /// <summary>A loss as it is shown; nothing where there is none.</summary>
    public static string Loss(double? loss) => loss is { } value ? Invariant($"{value:0.0000}") : "";
}
