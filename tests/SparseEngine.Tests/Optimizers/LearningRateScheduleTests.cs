using SparseEngine.Configuration;
using SparseEngine.Optimizers;

namespace SparseEngine.Tests.Optimizers;

public sealed class LearningRateScheduleTests
{
    private static void AssertRates(LearningRateParameters parameters, params (long Step, double Rate)[] expected)
    {
        LearningRateSchedule schedule = new(parameters);
        foreach ((long step, double rate) in expected)
        {
            Assert.Equal(rate, schedule.At(step), 1e-15);
        }
    }

    private static LearningRateParameters One(SchedulerParameters scheduler) => new([scheduler], Chained: false);

    [Fact]
    public void A_constant_rate_never_changes() => AssertRates(One(new ConstantScheduler(0.003, Steps: null)), (0, 0.003), (1_000_000, 0.003));

    [Fact]
    public void A_linear_schedule_begins_at_its_initial_rate_and_holds_its_end_rate() =>
        AssertRates(
            One(new PolynomialScheduler(0.0, 0.004, 8, Power: 1, Cycle: false)), (0, 0), (1, 0.0005), (4, 0.002), (7, 0.0035), (8, 0.004),
            (9, 0.004));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_polynomial_schedule_raises_what_is_left_to_its_power(bool cycle) =>
        AssertRates(One(new PolynomialScheduler(0.9, 0.1, 4, Power: 2, cycle)), (0, 0.9), (1, 0.55), (2, 0.3), (3, 0.15), (4, 0.1), (5, 0.1));

    [Fact]
    public void A_decay_of_no_steps_is_at_its_end_from_the_beginning()
    {
        AssertRates(One(new PolynomialScheduler(0.9, 0.1, 0, Power: 1, Cycle: false)), (0, 0.1));
        AssertRates(One(new CosineDecayScheduler(0.9, 0.1, 0)), (0, 0.1));
    }

    [Fact]
    public void An_exponential_schedule_falls_by_its_rate_every_decay_steps() =>
        AssertRates(One(new ExponentialScheduler(0.8, 0.25, 2, Staircase: false, Length: null)), (0, 0.8), (1, 0.4), (2, 0.2), (3, 0.1), (4, 0.05));

    [Fact]
    public void A_staircase_falls_in_jumps() =>
        AssertRates(One(new ExponentialScheduler(0.8, 0.25, 2, Staircase: true, Length: null)), (0, 0.8), (1, 0.8), (2, 0.2), (3, 0.2), (4, 0.05));

    [Fact]
    public void An_inverse_square_root_decay_is_flat_during_warm_up() =>
        AssertRates(One(new InverseSquareRootDecayScheduler(0.5, 2, 4, Steps: null)), (0, 0.5), (4, 0.5), (16, 0.25), (100, 0.1));

    [Fact]
    public void A_cosine_decay_is_half_a_cosine() =>
        AssertRates(
            One(new CosineDecayScheduler(1.0, 0.2, 6)),
            (0, 1.0), (1, 0.2 + (0.4 * (1 + (Math.Sqrt(3) / 2)))), (2, 0.8), (3, 0.6), (4, 0.4), (6, 0.2), (7, 0.2));

    [Fact]
    public void A_piecewise_constant_rate_changes_at_each_boundary() =>
        AssertRates(
            One(new PiecewiseConstantScheduler([0.3, 0.2, 0.1], [2, 5], Steps: null)), (0, 0.3), (1, 0.3), (2, 0.2), (4, 0.2), (5, 0.1), (9, 0.1));

    [Fact]
    public void Schedulers_in_a_list_count_from_where_they_begin() =>
        AssertRates(
            new LearningRateParameters(
                [
                    new PolynomialScheduler(0.0, 0.003, 5, Power: 1, Cycle: false),
                    new PolynomialScheduler(0.003, 0.0003, 30, Power: 1, Cycle: false),
                    new ConstantScheduler(0.0001, Steps: null),
                ],
                Chained: false),
            (0, 0), (1, 0.0006), (4, 0.0024), (5, 0.003), (6, 0.00291), (15, 0.0021), (34, 0.00039), (35, 0.0001), (1000, 0.0001));

    [Fact]
    public void A_scheduler_of_no_steps_is_passed_over() =>
        AssertRates(
            new LearningRateParameters(
                [new ConstantScheduler(1, Steps: 0), new ConstantScheduler(2, Steps: 1), new ConstantScheduler(3, Steps: null)], Chained: false),
            (0, 2), (1, 3));

    [Fact]
    public void The_last_scheduler_of_a_list_goes_on_after_its_steps() =>
        AssertRates(
            new LearningRateParameters(
                [new ConstantScheduler(1, Steps: 2), new PolynomialScheduler(1, 0.5, 2, Power: 1, Cycle: false)], Chained: false),
            (1, 1), (2, 1), (3, 0.75), (4, 0.5), (100, 0.5));

    [Fact]
    public void Chained_schedulers_multiply_the_first_rate_by_what_the_others_are_of_their_own() =>
        AssertRates(
            new LearningRateParameters(
                [
                    new PolynomialScheduler(0.8, 0.4, 4, Power: 1, Cycle: false),
                    new ExponentialScheduler(0.1, 0.5, 1, Staircase: false, Length: null),
                    new PiecewiseConstantScheduler([0.2, 0.1], [2], Steps: null),
                ],
                Chained: true),
            (0, 0.8), (1, 0.7 * 0.5), (2, 0.6 * 0.25 * 0.5), (4, 0.4 * 0.0625 * 0.5));

    [Fact]
    public void A_position_before_the_first_update_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule(One(new ConstantScheduler(1, Steps: null))).At(-1));
}
