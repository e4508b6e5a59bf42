using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// Draws what benchmarks/better/study.py found: validation loss over seconds of the best dense and the best sparse run of each budget.
/// </summary>
internal static class StudyPlot
{
    private const int Width = 900;
    private const int Height = 480;

    // What is above is the same for all: the beginning.
    private const double ShownAboveBest = 0.65;

    private static readonly (string Name, bool IsSparse, Color Color)[] Kinds =
    [
        ("dense", false, Color.FromHex("#6b7280")), ("sparse", true, Color.FromHex("#d9480f")),
    ];

    /// <summary>Writes the plot.</summary>
    /// <param name="runs">The study's runs.csv: contestant, width, exponent, seconds, seed, steps, loss, step:loss of each evaluation.</param>
    /// <param name="path">The PNG.</param>
    public static void Save(string runs, string path)
    {
        Run[] all = [.. File.ReadLines(runs).Skip(1).Select(Run.Parse).Where(run => run.Seed == 1)];

        // Other times are those of dense models alone, which stand for another framework.
        double[] budgets = [.. all.Where(run => run.IsSparse).Select(run => run.Seconds).Distinct().Order()];
        (Run Best, string Legend, Color Color, bool IsSparse)[] lines =
        [
            .. from kind in Kinds
               from budget in budgets
               let best = all.Where(run => run.Seconds == budget && run.IsSparse == kind.IsSparse).MinBy(run => run.Loss)
               where best is not null
               select (best, budget == budgets[0] ? kind.Name : "", kind.Color, kind.IsSparse),
        ];
        using Plot plot = new();
        foreach ((Run best, string legend, Color color, _) in lines)
        {
            Draw(plot, best, legend, color);
        }

        // On top of all lines.
        foreach ((Run best, _, Color color, bool isSparse) in lines)
        {
            Label(plot, best, color, isBelow: isSparse);
        }

        double lowest = all.Min(run => run.Loss);
        plot.Axes.SetLimitsY(lowest - 0.08, lowest + ShownAboveBest);
        plot.Axes.SetLimitsX(Math.Log2(budgets[0] / 4), Math.Log2(budgets[^1] * 2.4));
        double[] ticks = [.. budgets.SelectMany(budget => new[] { budget / 4, budget / 2, budget }).Distinct().Order()];
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. ticks.Select(Math.Log2)], [.. ticks.Select(Duration)]);
        plot.Title("The best dense and the best sparse model of each budget");
        plot.XLabel("time on two cores");
        plot.YLabel("validation loss (nats a byte)");
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePng(path, Width, Height);
    }

    private static void Draw(Plot plot, Run run, string legend, Color color)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(
            run.Evaluations.Select(evaluation => Math.Log2(evaluation.Seconds)).ToArray(),
            run.Evaluations.Select(evaluation => evaluation.Loss).ToArray());
        line.LegendText = legend;
        line.Color = color;
        line.LineWidth = 2;
        line.MarkerSize = 5;
    }

    private static void Label(Plot plot, Run run, Color color, bool isBelow)
    {
        ScottPlot.Plottables.Text text = plot.Add.Text(
            Invariant($"{run.Loss:F3}: hidden {run.Width}"), Math.Log2(run.Evaluations[^1].Seconds), run.Loss);
        text.LabelFontColor = color;
        text.LabelBackgroundColor = Colors.White.WithAlpha(0.8);
        text.LabelAlignment = isBelow ? Alignment.UpperRight : Alignment.LowerLeft;
        text.OffsetX = isBelow ? -4 : 4;
        text.OffsetY = isBelow ? 6 : -4;
    }

    private static string Duration(double seconds) => seconds < 60 ? Invariant($"{seconds:0.#} s") : Invariant($"{seconds / 60:0.##} min");

    private sealed record Run(string Contestant, int Width, double Seconds, int Seed, double Loss, (double Seconds, double Loss)[] Evaluations)
    {
        public bool IsSparse => Contestant != "dense";

        public static Run Parse(string line)
        {
            string[] cells = line.Split(',');
            double seconds = Number(cells[3]);
            double steps = Number(cells[5]);
            IEnumerable<string[]> evaluations = cells[7].Split(' ').Select(evaluation => evaluation.Split(':'));
            return new Run(
                cells[0], (int)Number(cells[1]), seconds, (int)Number(cells[4]), Number(cells[6]),
                [.. evaluations.Select(pair => (Number(pair[0]) / steps * seconds, Number(pair[1])))]);
        }

        private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }
}
