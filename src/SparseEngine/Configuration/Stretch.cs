namespace SparseEngine.Configuration;

/// <summary>The schedules of a run, written for a number of steps, brought to another number: everything keeps its share of the run.</summary>
/// <remarks>
/// Steps stay whole: each is rounded to the nearest one, a half up. What lasts for a step at least goes on to, and what is not at the start does not
/// move there. Numbers that are no schedules stay.
/// </remarks>
/// <param name="Written">The steps that the schedules are written for.</param>
/// <param name="Steps">The steps that the run has instead.</param>
internal readonly record struct Stretch(int Written, int Steps)
{
    /// <summary>What lengths are multiplied by.</summary>
    public double Ratio => (double)Steps / Written;

    /// <summary>The run with all its schedules stretched; it ends with <see cref="Steps"/>.</summary>
    public RunParameters Of(RunParameters run)
    {
        RunConfig config = run.RunConfig;
        Stretch stretch = this;
        return run with
        {
            Optimizer = run.Optimizer is { } optimizer
                ? optimizer with { LearningRate = LearningRateStretch.Of(this, optimizer.LearningRate) }
                : null,
            Sparsity = run.Sparsity is { IsDynamic: true } sparsity
                ? sparsity with
                {
                    Groups =
                    [
                        .. sparsity.Groups.Select(group =>
                            group.Dynamic is { } dynamic ? group with { Dynamic = SparsityStretch.Of(stretch, dynamic) } : group),
                    ],
                }
                : run.Sparsity,
            RunConfig = config with
            {
                MaxSteps = Steps,
                NumSteps = null,
                NumEpochs = null,
                TimeBudget = null,
                BudgetSteps = Steps,
                EvalFrequency = config.EvalFrequency is { } frequency ? Length(frequency) : null,
                CheckpointSteps = Length(config.CheckpointSteps),
            },
            Overrides = run.Overrides with { TimeBudget = null, BudgetSteps = Steps },
        };
    }

    /// <summary>Where a step comes to lie.</summary>
    public int Position(long step) => (int)Int128.Min(int.MaxValue, (((Int128)2 * step * Steps) + Written) / ((Int128)2 * Written));

    /// <summary>The first step that is written and that <see cref="Length"/> moves to a step or to a later one.</summary>
    public int FirstAtOrAfter(long moved) => moved switch
    {
        <= 0 => 0,
        1 => 1,
        _ => (int)Int128.Min(int.MaxValue, (((Int128)Written * ((2 * moved) - 1)) + (2 * (Int128)Steps) - 1) / (2 * (Int128)Steps)),
    };

    /// <summary>How long something lasts, or where a change comes to lie; a step at least, if it lasted any.</summary>
    public int Length(int steps) => steps == 0 ? 0 : Math.Max(1, Position(steps));
}
