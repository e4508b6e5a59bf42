using SparseEngine.Configuration;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>The steps that a time allows: a function of what was measured.</summary>
public sealed class BudgetPlanTests
{
    private const int Written = 1000;

    private static readonly MeasuredSeconds StepsAlone = new(Step: 0.25, UpdateOfElement: 0, Evaluation: 0, Checkpoint: 0, Start: 0, Weights: []);

    [Theory]
    [InlineData(100, 400)]
    [InlineData(100.24, 400)]
    [InlineData(0.25, 1)]
    [InlineData(0.2, null)]
    [InlineData(-3, null)]
    public void As_many_steps_are_taken_as_fit(double seconds, int? steps) =>
        Assert.Equal(steps, BudgetPlan.Steps(Run(), Written, StepsAlone, seconds));

    [Fact]
    public void What_comes_beside_them_takes_its_part()
    {
        RunParameters run = Run(config => config with { EvalFrequency = 100, CheckpointSteps = 500, SaveInitialCheckpoint = true });
        MeasuredSeconds measured = StepsAlone with { Evaluation = 2, Checkpoint = 3, Start = 1.5 };

        // Ten evaluations, three checkpoints, in however many steps.
        Assert.Equal((int)((100 - 1.5 - 20 - 9) / 0.25), BudgetPlan.Steps(run, Written, measured, 100));
        Assert.Equal(1.5 + 250 + 20 + 9, BudgetPlan.Seconds(run, Written, measured, Written));

        // Of a few steps each is evaluated.
        Assert.Equal(1.5 + (3 * 0.25) + (3 * 2) + ((2 + 1) * 3), BudgetPlan.Seconds(run, Written, measured, 3));
    }

    [Fact]
    public void Each_evaluation_may_leave_the_best_checkpoint()
    {
        RunParameters run = Run(config => config with { EvalFrequency = 100, KeepBest = true });
        MeasuredSeconds measured = StepsAlone with { Evaluation = 2, Checkpoint = 3 };

        Assert.Equal(250 + 20 + 33, BudgetPlan.Seconds(run, Written, measured, Written));
    }

    [Fact]
    public void Changes_of_masks_are_counted_by_weight_but_not_the_first_masks()
    {
        DynamicSparsity often = Dynamic(new PeriodicUpdates(100));
        DynamicSparsity once = Dynamic(new ListedUpdates([500]));
        MeasuredSeconds measured = StepsAlone with { UpdateOfElement = 1e-3, Weights = [(often, 200), (often, 300), (once, 1000)] };

        // After steps 100, 200 and so on to 1000.
        Assert.Equal(250 + (1e-3 * ((10 * 500) + 1000)), BudgetPlan.Seconds(Run(), Written, measured, Written), 9);
        Assert.Equal(50 + (1e-3 * ((10 * 500) + 1000)), BudgetPlan.Seconds(Run(), Written, measured, Written / 5), 9);
    }

    [Fact]
    public void The_choice_is_the_last_that_fits()
    {
        RunParameters run = Run(config => config with { EvalFrequency = 7, CheckpointSteps = 70 });
        MeasuredSeconds measured = StepsAlone with
        {
            Evaluation = 0.3, Checkpoint = 0.7, UpdateOfElement = 1e-4, Weights = [(Dynamic(new PeriodicUpdates(10)), 500)],
        };

        Assert.All(Enumerable.Range(10, 90), seconds =>
        {
            int steps = BudgetPlan.Steps(run, Written, measured, seconds)!.Value;
            Assert.InRange(BudgetPlan.Seconds(run, Written, measured, steps), 0, seconds);
            Assert.True(BudgetPlan.Seconds(run, Written, measured, steps + 1) > seconds);
        });
    }

    [Fact]
    public void Steps_whose_operations_change_cost_what_lies_between_the_nearest_that_were_timed()
    {
        double mean = MeasuredSeconds.Mean([(400, 4), (100, 2), (200, 3)], step => step <= 50 ? 100 : step <= 75 ? 150 : 1000, 100);

        Assert.Equal((50 * 2) + (25 * 2.5) + (25 * 4), 100 * mean, 9);
        Assert.Equal(7, MeasuredSeconds.Mean([(5, 7)], step => throw new InvalidOperationException(), 100));
    }

    private static DynamicSparsity Dynamic(UpdateSchedule updates) =>
        new(SparsityAlgorithm.Set, new ConstantValue(0.5), updates, DynamicSparsity.DefaultDropFraction);

    private static RunParameters Run(Func<RunConfig, RunConfig>? change = null)
    {
        using TestRun run = new();
        return run.With(change ?? (config => config)).Parameters;
    }
}
