using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Optimizers;

namespace SparseEngine.Tests.Configuration;

public sealed class StretchTests
{
    private static readonly Stretch Third = new(Written: 300, Steps: 100);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(149, 50)]
    [InlineData(300, 100)]
    [InlineData(int.MaxValue, 715_827_882)]
    public void A_step_moves_to_the_nearest_one(int step, int moved) => Assert.Equal(moved, Third.Position(step));

    [Fact]
    public void A_half_is_rounded_up() => Assert.Equal([1, 2, 3], new[] { 1, 3, 5 }.Select(step => new Stretch(4, 2).Position(step)));

    [Fact]
    public void What_lasts_for_a_step_goes_on_to_and_what_lasts_for_none_does_not() =>
        Assert.Equal([0, 1, 1, 33], new[] { 0, 1, 2, 100 }.Select(Third.Length));

    [Fact]
    public void Schedulers_in_sequence_are_rounded_by_their_ends()
    {
        LearningRateParameters rate = new(
            [.. Enumerable.Range(0, 5).Select(_ => new PolynomialScheduler(0, 1, 5)), new CosineDecayScheduler(1, 0.1, 275)]);

        ImmutableArray<SchedulerParameters> stretched = LearningRateStretch.Of(Third, rate).Schedulers;

        // Ends at 5, 10, 15, 20, 25 and 300.
        Assert.Equal([2, 1, 2, 2, 1, 92], stretched.Select(scheduler => scheduler.Steps!.Value));
        Assert.All(stretched.OfType<PolynomialScheduler>(), scheduler => Assert.Equal(scheduler.Steps, scheduler.DecaySteps));
        Assert.Equal(92, Assert.IsType<CosineDecayScheduler>(stretched[^1]).DecaySteps);
    }

    public static TheoryData<SchedulerParameters> Decays { get; } =
    [
        new PolynomialScheduler(1, 0.1, 300, Power: 2),
        new CosineDecayScheduler(1, 0.1, 300),
        new ExponentialScheduler(1, 0.99, 1, Staircase: false, null),
        new ExponentialScheduler(1, 0.5, 100, Staircase: false, null),
        new InverseSquareRootDecayScheduler(1, 2, 30, null),
        new PiecewiseConstantScheduler([1, 0.5, 0.1], [99, 210], null),
        new ConstantScheduler(0.3),
    ];

    [Theory]
    [MemberData(nameof(Decays))]
    public void A_rate_is_that_of_the_same_share_of_the_run(SchedulerParameters scheduler)
    {
        LearningRateParameters rate = new([scheduler]);
        LearningRateSchedule written = new(rate);
        LearningRateSchedule stretched = new(LearningRateStretch.Of(Third, rate));

        Assert.All(Enumerable.Range(0, 101), step => Assert.Equal(written.At(3 * step), stretched.At(step), 1e-12));
    }

    [Fact]
    public void Boundaries_that_fall_together_stay_apart() =>
        Assert.Equal([1, 2, 3], ((PiecewiseConstantScheduler)LearningRateStretch
            .Of(Third, new LearningRateParameters([new PiecewiseConstantScheduler([1, 2, 3, 4], [1, 2, 3], null)])).Schedulers[0]).Boundaries);

    [Fact]
    public void Chained_schedulers_each_begin_with_the_run() =>
        Assert.Equal([33, 67], LearningRateStretch
            .Of(Third, new LearningRateParameters([new CosineDecayScheduler(1, 0, 100), new PolynomialScheduler(1, 0.5, 200)], Chained: true))
            .Schedulers.Select(scheduler => scheduler.Steps!.Value));

    [Theory]
    [InlineData(300, 100, 30, 0, null)]
    [InlineData(300, 100, 1, 1, 2)]
    [InlineData(300, 100, 1, 1, null)]
    [InlineData(300, 100, 2, 2, 90)]
    [InlineData(300, 100, 100, 30, 240)]
    [InlineData(90, 104, 10, 10, null)]
    [InlineData(90, 1004, 7, 0, 80)]
    [InlineData(8, 8, 2, 0, null)]
    [InlineData(1000, 3, 100, 50, null)]
    public void Each_change_of_masks_moves_to_the_nearest_step(int written, int steps, int frequency, int start, int? stop)
    {
        Stretch stretch = new(written, steps);
        PeriodicUpdates periodic = new(frequency, start, stop);
        int[] expected = [.. periodic.Until(written).Select(step => step == 0 ? 0 : Math.Max(1, stretch.Position(step))).Distinct()];

        UpdateSchedule stretched = SparsityStretch.Of(stretch, Dynamic(periodic, new ConstantValue(0.5))).Updates;

        Assert.Equal(expected, stretched.Until(steps));
        Assert.All(Enumerable.Range(0, steps + 1), step =>
        {
            Assert.Equal(expected.Contains(step), stretched.Contains(step));
            Assert.Equal(expected.Count(update => update < step), stretched.CountBefore(step));
            Assert.Equal(expected.Where(update => update <= step).Select(update => (int?)update).LastOrDefault(), stretched.LastUntil(step));
            Assert.True(step == steps || stretched.NextAfter(step) is not { } next || next > step);
        });
    }

    [Fact]
    public void Listed_changes_that_fall_together_are_one_and_the_first_masks_stay_at_the_start() =>
        Assert.Equal(
            new ListedUpdates([0, 1, 30]), SparsityStretch.Of(Third, Dynamic(new ListedUpdates([0, 1, 2, 90]), new ConstantValue(0.5))).Updates);

    public static TheoryData<HyperparameterSchedule> Schedules { get; } =
    [
        new ConstantValue(0.3), new LinearValue(0.1, 0.002), new ExponentialValue(0, -0.01, 0.9), new PowerValue(0.9, 0.995),
        new CosineValue(0.3, 250),
    ];

    [Theory]
    [MemberData(nameof(Schedules))]
    public void A_level_is_that_of_the_same_share_of_the_run(HyperparameterSchedule level)
    {
        DynamicSparsity stretched = SparsityStretch.Of(Third, Dynamic(new PeriodicUpdates(3), level));

        Assert.All(Enumerable.Range(0, 101), step => Assert.Equal(level.At(3 * step, 0), stretched.Level.At(step, 0), 1e-12));
        Assert.Equal(stretched.Level, stretched.DropFraction);
    }

    [Fact]
    public void A_cycle_goes_on_by_updates()
    {
        CyclingValue cycle = new([0.1, 0.2]);

        Assert.Equal(cycle, SparsityStretch.Of(Third, Dynamic(new PeriodicUpdates(3), cycle)).Level);
    }

    [Fact]
    public void A_run_ends_with_the_new_steps_and_evaluates_and_saves_as_often_as_before()
    {
        RunParameters run = YamlRun.Read(YamlRun.Minimal.Replace("max_steps: 20", "num_steps: 300", StringComparison.Ordinal)
            + "  eval_frequency: 30\n  checkpoint_steps: 100\n  log_steps: 50\n  time_budget: 10m\n");

        RunParameters stretched = Third.Of(run);

        Assert.Equal(TimeSpan.FromMinutes(10), run.RunConfig.TimeBudget);
        Assert.Equal(
            run.RunConfig with { MaxSteps = 100, NumSteps = null, TimeBudget = null, BudgetSteps = 100, EvalFrequency = 10, CheckpointSteps = 33 },
            stretched.RunConfig);
        Assert.Equal(run.Optimizer!.LearningRate.Schedulers, stretched.Optimizer!.LearningRate.Schedulers);
    }

    private static DynamicSparsity Dynamic(UpdateSchedule updates, HyperparameterSchedule level) => new(SparsityAlgorithm.Set, level, updates, level);
}
