using ScottPlot;
using SparseEngine.Accounting;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;

namespace SparseEngine.Report.Figures;

/// <summary>Executed FLOPs of a training step against those of the dense model, part by part.</summary>
internal static class FlopFigure
{
    public static Figure Of(ReportedRun run)
    {
        const string Id = "flops";
        const string Title = "FLOPs executed against dense";
        if (run.LastStep is not { } step || run.Model is not { } model)
        {
            return new Figure(Id, Title, "Needs a training run with a checkpoint in its model directory.", Draw: null);
        }

        // Dense gradients of an update are no part of other steps.
        double ofUpdate = run.History.MaskUpdates.FirstOrDefault(update => update.Step == step.Step)?.DenseGradientFlops ?? 0;
        FlopCount total = new(step.FlopsDense, step.FlopsExecuted - ofUpdate);
        (string Name, FlopCount Flops)[] parts = [.. Parts(run, model, step, total)];
        AxisScale scale = AxisScale.For(parts.Max(part => part.Flops.Dense));
        return new Figure(
            Id,
            Title,
            $"One training step of {run.Name}, forward and backward: {Quantity.Saving(total.Executed, total.Dense, Quantity.Operations)}. "
            + "Grey: the same step without zeros.",
            (plot, theme) => Draw(plot, theme, parts, scale))
        {
            Numbers =
            [
                ["part", "dense", "executed", "executed / dense"],
                .. parts.Append(("whole step", total)).Select(part => (IReadOnlyList<string>)
                [
                    part.Item1, Quantity.Operations(part.Item2.Dense), Quantity.Operations(part.Item2.Executed),
                    Quantity.Percent(part.Item2.Executed, part.Item2.Dense),
                ]),
            ],
        };
    }

    /// <summary>The kinds of weights, the head, and attention itself, which is what the step has beyond them.</summary>
    private static IEnumerable<(string Name, FlopCount Flops)> Parts(ReportedRun run, ReportedModel model, StepMetrics step, FlopCount total)
    {
        // Forward, and two gradients of the same size; a multiply-add is 2.
        double perElement = 3 * 2.0 * step.Tokens;
        FlopCount rest = total;
        List<(string Name, FlopCount Flops)> parts = [];
        foreach (IGrouping<string, ReportedWeight> kind in model.Weights.GroupBy(weight => weight.Kind))
        {
            parts.Add(
                (kind.Key, new FlopCount(perElement * kind.Sum(weight => weight.Weight.Elements), perElement * kind.Sum(KeptIn))));
        }

        if (model.Parameters.ShareEmbeddingWeights)
        {
            double head = perElement * model.Parameters.VocabularySize * model.Parameters.HiddenSize;
            parts.Add(("head", new FlopCount(head, head)));
        }

        foreach ((string _, FlopCount flops) in parts)
        {
            rest = new FlopCount(rest.Dense - flops.Dense, rest.Executed - flops.Executed);
        }

        parts.Add(("attention", rest with { Executed = rest.Dense }));

        // Weights with few zeros are multiplied densely where that is faster.
        double filled = rest.Executed - rest.Dense;
        return filled > 0.001 * total.Dense ? parts.Append(("zeros computed", new FlopCount(0, filled))) : parts;

        // Masks may have moved since.
        long KeptIn(ReportedWeight weight) => run.Masks?.AliveIn(weight.Weight.Name, step.Step) ?? weight.Kept;
    }

    private static void Draw(Plot plot, PlotTheme theme, (string Name, FlopCount Flops)[] parts, AxisScale scale)
    {
        for (int index = 0; index < parts.Length; index++)
        {
            (string _, FlopCount flops) = parts[index];
            Add(index - 0.2, flops.Dense, theme.Baseline);
            Add(index + 0.2, flops.Executed, theme.Series(0));
            FigureText.Add(plot, Quantity.Percent(flops.Executed, flops.Dense), index + 0.2, flops.Executed / scale.Unit, Alignment.LowerCenter);
        }

        plot.Axes.Bottom.SetTicks(
            Enumerable.Range(0, parts.Length).Select(index => (double)index).ToArray(),
            parts.Select(part => part.Name.Length < 12 ? part.Name : part.Name.Replace(' ', '\n')).ToArray());
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.YLabel($"{scale.Prefix}FLOP a step");
        plot.Axes.SetLimits(-0.6, parts.Length - 0.4, 0, 1.12 * parts.Max(part => Math.Max(part.Flops.Dense, part.Flops.Executed)) / scale.Unit);
        plot.ShowLegend(
            [
                new LegendItem { LabelText = "dense", FillColor = theme.Baseline },
                new LegendItem { LabelText = "executed", FillColor = theme.Series(0) },
            ],
            Alignment.UpperRight);

        void Add(double position, double flops, Color color) =>
            plot.Add.Bar(new Bar { Position = position, Value = flops / scale.Unit, Size = 0.38, LineWidth = 0, FillColor = color });
    }
}
