using ScottPlot;
using ScottPlot.Plottables;

namespace SparseEngine.Report.Plots;

/// <summary>A line of what changes at steps and stays between them.</summary>
internal static class Staircase
{
    /// <summary>Draws it.</summary>
    /// <param name="plot">Where.</param>
    /// <param name="steps">Where a value begins, ascending.</param>
    /// <param name="values">As many values.</param>
    /// <param name="last">Where the line ends.</param>
    /// <param name="color">Its colour.</param>
    public static Scatter Add(Plot plot, IReadOnlyList<int> steps, IReadOnlyList<double> values, int last, Color color)
    {
        (double[] xs, double[] ys) = Of(steps, values, last);
        return plot.Add.ScatterLine(xs, ys, color);
    }

    /// <summary>Its corners.</summary>
    /// <param name="steps">Where a value begins, ascending.</param>
    /// <param name="values">As many values.</param>
    /// <param name="last">Where the line ends.</param>
    public static (double[] Xs, double[] Ys) Of(IReadOnlyList<int> steps, IReadOnlyList<double> values, int last)
    {
        List<double> xs = [];
        List<double> ys = [];
        for (int index = 0; index < steps.Count; index++)
        {
            xs.Add(steps[index]);
            ys.Add(values[index]);
            xs.Add(index + 1 < steps.Count ? steps[index + 1] : last);
            ys.Add(values[index]);
        }

        return ([.. xs], [.. ys]);
    }
}
