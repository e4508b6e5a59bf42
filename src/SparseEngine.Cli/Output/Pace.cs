using SparseEngine.Runs;

namespace SparseEngine.Cli.Output;

/// <summary>How fast a run goes lately, and how long it has left.</summary>
internal sealed class Pace(int lastStep)
{
    /// <summary>The weight of the newest step in the moving average: about the last ten steps count.</summary>
    private const double NewestWeight = 0.1;

    private int stepsSeen;
    private double stepSeconds;
    private int step;
    private int tokens;

    /// <summary>Tokens by the average time of a step.</summary>
    public double TokensPerSecond => stepSeconds > 0 ? tokens / stepSeconds : 0;

    /// <summary>The average time of a step times the steps to go, in seconds; evaluations are not counted.</summary>
    public double SecondsLeft => (lastStep - step) * stepSeconds;

    /// <summary>Takes a step into account.</summary>
    public void Add(StepMetrics metrics)
    {
        stepsSeen++;
        double weight = Math.Max(NewestWeight, 1.0 / stepsSeen);
        stepSeconds += weight * ((metrics.StepMs / 1000) - stepSeconds);
        step = metrics.Step;
        tokens = metrics.Tokens;
    }
}
