using ScottPlot;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>Where the time of a profiled run went.</summary>
internal static class TimeFigure
{
    private const int MostBars = 12;

    public static Figure Of(ReportedRun run)
    {
        if (run.Operations.Count == 0)
        {
            return new Figure(
                "time", "Where the time goes",
                "This run was not profiled: sparse-engine run --profile writes the trace that this figure is drawn from.", Draw: null);
        }

        TimeSpan all = new(run.Operations.Sum(operation => operation.Time.Ticks));
        OperationTotal[] shown = [.. run.Operations.Take(MostBars)];
        double linear = run.Operations.Where(operation => operation.Kind == OperationKind.Linear).Sum(operation => operation.Time / all);
        return new Figure(
            "time",
            "Where the time goes",
            $"Operations of the device, from the profile of {run.Name}. "
                + Invariant($"Linear layers take {100 * linear:0}% of it (blue), everything else {100 * (1 - linear):0}% (orange)."),
            (plot, theme) => Draw(plot, theme, shown, all))
        {
            Numbers =
            [
                ["operation", "share", "seconds", "calls"],
                .. run.Operations.Select(operation => (IReadOnlyList<string>)
                [
                    operation.Name, Invariant($"{100 * (operation.Time / all):0.0}%"), Invariant($"{operation.Time.TotalSeconds:0.000}"),
                    Invariant($"{operation.Calls:N0}"),
                ]),
            ],
        };
    }

    private static void Draw(Plot plot, PlotTheme theme, OperationTotal[] operations, TimeSpan all)
    {
        for (int index = 0; index < operations.Length; index++)
        {
            OperationTotal operation = operations[index];
            double share = 100 * (operation.Time / all);
            plot.Add.Bar(new Bar
            {
                Position = -index,
                Value = share,
                Size = 0.7,
                LineWidth = 0,
                FillColor = theme.Series(operation.Kind == OperationKind.Linear ? 0 : 1),
                Orientation = Orientation.Horizontal,
            });
            FigureText.Add(plot, Invariant($"{share:0.0}%"), share, -index, Alignment.MiddleLeft);
        }

        plot.Axes.Left.SetTicks(
            Enumerable.Range(0, operations.Length).Select(index => (double)-index).ToArray(),
            operations.Select(operation => operation.Name).ToArray());
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.XLabel("share of the time in operations (%)");
        plot.Axes.SetLimits(0, 112 * (operations[0].Time / all), -operations.Length + 0.4, 0.6);
    }
}
