using System.Collections.Immutable;
using SparseEngine.Accounting;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Report.Runs;

/// <summary>A logged step of a run.</summary>
/// <param name="Step">1 for the first update.</param>
/// <param name="Loss">The training loss as logged; it need not be finite.</param>
/// <param name="Smooth">The mean of those around it; not finite where the loss is not.</param>
/// <param name="Seconds">Training time until then.</param>
/// <param name="Flops">Training FLOPs executed until then.</param>
internal readonly record struct LossPoint(int Step, double Loss, double Smooth, double Seconds, double Flops);

/// <summary>A run's training loss, over its steps and over what they cost.</summary>
/// <remarks>
/// The smooth loss at step s is the mean of the losses logged from step 0.9 s to step 1.1 s. So it averages most where the loss changes least, at the
/// end, follows the steep start, and means the same whatever the steps between two lines of the log.
/// </remarks>
internal sealed class LossCurve
{
    private const double Window = 0.1;

    /// <summary>Of what a run has logged.</summary>
    public LossCurve(MetricsHistory history)
    {
        ImmutableArray<StepMetrics> steps = history.Steps;
        ImmutableArray<FlopCount> flops = history.FlopsSoFar();
        ImmutableArray<double> seconds = history.SecondsSoFar();
        double[] smooth = Smooth(steps);
        Points = [.. steps.Select((step, index) => new LossPoint(step.Step, step.Loss, smooth[index], seconds[index], flops[index].Executed))];
    }

    /// <summary>The logged steps in their order.</summary>
    public ImmutableArray<LossPoint> Points { get; }

    /// <summary>The smooth loss at the end; null where no loss was logged.</summary>
    public double? FinalLoss => Points.Select(point => (double?)point.Smooth).LastOrDefault(loss => double.IsFinite(loss!.Value));

    /// <summary>What the run had cost when its smooth loss first was <paramref name="loss"/> or less; null where it never was.</summary>
    /// <remarks>Between logged steps both are straight lines.</remarks>
    public double? CostOf(double loss, Func<LossPoint, double> cost)
    {
        LossPoint? before = null;
        foreach (LossPoint point in Points.Where(point => double.IsFinite(point.Smooth)))
        {
            if (point.Smooth <= loss)
            {
                return before is { } last
                    ? cost(last) + ((cost(point) - cost(last)) * (last.Smooth - loss) / (last.Smooth - point.Smooth))
                    : cost(point);
            }

            before = point;
        }

        return null;
    }

    /// <summary>What the run had cost at a step, which need not be a logged one.</summary>
    public double CostAt(int step, Func<LossPoint, double> cost)
    {
        LossPoint before = default;
        foreach (LossPoint point in Points)
        {
            if (point.Step >= step)
            {
                return cost(before) + ((cost(point) - cost(before)) * (step - before.Step) / Math.Max(1, point.Step - before.Step));
            }

            before = point;
        }

        return cost(before);
    }

    private static double[] Smooth(ImmutableArray<StepMetrics> steps)
    {
        double[] smooth = new double[steps.Length];
        int from = 0;
        for (int index = 0; index < steps.Length; index++)
        {
            int step = steps[index].Step;
            while (steps[from].Step < (1 - Window) * step)
            {
                from++;
            }

            double sum = 0;
            int count = 0;
            for (int near = from; near < steps.Length && steps[near].Step <= (1 + Window) * step; near++)
            {
                if (double.IsFinite(steps[near].Loss))
                {
                    sum += steps[near].Loss;
                    count++;
                }
            }

            smooth[index] = double.IsFinite(steps[index].Loss) ? sum / count : double.NaN;
        }

        return smooth;
    }
}
