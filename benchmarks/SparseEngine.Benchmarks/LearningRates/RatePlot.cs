using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.TickGenerators;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.LearningRates;

/// <summary>Loss over the learning rate, a line for each density: a row for each width, a column for each parametrization.</summary>
internal static class RatePlot
{
    private const int CellWidth = 520;
    private const int CellHeight = 360;

    // Beyond this the lines of rates that are too high hide where the others differ.
    private const double ShownAboveBest = 0.8;

    /// <summary>Writes the plot.</summary>
    public static void Save(string path, SweepSettings settings, TrialResults results)
    {
        Multiplot plots = new();
        int rows = settings.Hidden.Length;
        int columns = settings.Parametrizations.Length;
        plots.AddPlots(rows * columns);
        plots.Layout = new Grid(rows, columns);
        for (int row = 0; row < rows; row++)
        {
            double[] losses = [.. settings.Parametrizations.SelectMany(p => settings.Zeros.SelectMany(z => Line(p, settings.Hidden[row], z)))];
            double best = losses.Where(double.IsFinite).DefaultIfEmpty(0).Min();
            for (int column = 0; column < columns; column++)
            {
                Plot plot = plots.GetPlot((row * columns) + column);
                Draw(plot, settings, settings.Parametrizations[column], settings.Hidden[row], Line);
                plot.Axes.SetLimitsY(best - 0.05, best + ShownAboveBest);
            }
        }

        plots.SavePng(path, CellWidth * columns, CellHeight * rows);

        double[] Line(Parametrization parametrization, int hidden, int zeros) =>
            [.. settings.Exponents.Select(exponent => results.Mean(parametrization, hidden, zeros, exponent))];
    }

    private static void Draw(
        Plot plot, SweepSettings settings, Parametrization parametrization, int hidden, Func<Parametrization, int, int, double[]> lossesOf)
    {
        foreach (int zeros in settings.Zeros)
        {
            (int Exponent, double Loss)[] points =
                [.. settings.Exponents.Zip(lossesOf(parametrization, hidden, zeros)).Where(point => double.IsFinite(point.Second))];
            if (points.Length == 0)
            {
                continue;
            }

            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(
                points.Select(point => (double)point.Exponent).ToArray(), points.Select(point => point.Loss).ToArray());
            line.LegendText = Invariant($"{zeros}% zeros");
            line.LineWidth = 2;
            line.MarkerSize = 5;
            (int exponent, double loss) = points.MinBy(point => point.Loss);
            plot.Add.Marker(exponent, loss, MarkerShape.OpenCircle, size: 14, color: line.Color);
        }

        plot.Title(Invariant($"{NameOf(parametrization)}, hidden {hidden}"));
        plot.XLabel("learning rate");
        plot.YLabel("validation loss");
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. settings.Exponents.Select(exponent => (double)exponent)], [.. settings.Exponents.Select(exponent => Invariant($"2^{exponent}"))]);
        plot.ShowLegend(Alignment.LowerLeft);
    }

    private static string NameOf(Parametrization parametrization) => parametrization switch
    {
        Parametrization.Standard => "one rate for all",
        Parametrization.Mup => "muP",
        _ => "sparse muP",
    };
}
