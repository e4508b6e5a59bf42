using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class LearningRateSectionTests
{
    private static string Yaml(string learningRate) =>
        YamlRun.Minimal.Replace("learning_rate: 0.001", $"learning_rate: {learningRate}", StringComparison.Ordinal);

    private static LearningRateParameters Read(string learningRate) => YamlRun.Read(Yaml(learningRate)).Optimizer!.LearningRate;

    [Theory]
    [InlineData("0.001")]
    [InlineData("1e-3")]
    [InlineData("\"1e-3\"")]
    public void A_number_is_a_constant_rate(string number) =>
        Assert.Equal([new ConstantScheduler(0.001, Steps: null)], Read(number).Schedulers);

    [Theory]
    [InlineData("{scheduler: Constant, learning_rate: 0.1}")]
    [InlineData("{scheduler: constantlr, learning_rate: 0.1}")]
    [InlineData("[{scheduler: CONSTANT, initial_learning_rate: 0.1}]")]
    public void One_scheduler_may_stand_without_a_list_and_its_name_in_any_case(string scheduler) =>
        Assert.Equal([new ConstantScheduler(0.1, Steps: null)], Read(scheduler).Schedulers);

    [Theory]
    [InlineData("steps: 10")]
    [InlineData("decay_steps: 10")]
    [InlineData("total_iters: 10")]
    public void The_steps_have_three_names(string steps) =>
        Assert.Equal(
            [new PolynomialScheduler(1, 0, 10, 1, Cycle: true)],
            Read($"{{scheduler: Linear, base_lr: 1, end_learning_rate: 0, cycle: True, {steps}}}").Schedulers);

    [Fact]
    public void Every_scheduler_reads_its_settings()
    {
        ImmutableArray<SchedulerParameters> schedulers = Read(
            """

                - {scheduler: Polynomial, initial_learning_rate: 1, end_learning_rate: 0.5, steps: 10, power: 2}
                - {scheduler: Exponential, learning_rate: 0.5, gamma: 0.9, decay_steps: 7, staircase: yes}
                - {scheduler: InverseSquareRootDecay, scale: 3, warmup_steps: 4, steps: 9}
                - {scheduler: CosineDecayLR, initial_learning_rate: 0.5, end_learning_rate: 0.1, steps: 20}
                - {scheduler: PiecewiseConstant, values: [3, 2, 1], boundaries: [5, 6]}
            """).Schedulers;

        Assert.Equal(
            [
                new PolynomialScheduler(1, 0.5, 10, 2, Cycle: false),
                new ExponentialScheduler(0.5, 0.9, 7, Staircase: true, Length: 7),
                new InverseSquareRootDecayScheduler(1, 3, 4, Steps: 9),
                new CosineDecayScheduler(0.5, 0.1, 20),
            ],
            schedulers[..4]);
        PiecewiseConstantScheduler piecewise = Assert.IsType<PiecewiseConstantScheduler>(schedulers[4]);
        Assert.Equal([3, 2, 1], piecewise.Values);
        Assert.Equal([5, 6], piecewise.Boundaries);
    }

    [Fact]
    public void An_exponential_schedule_decays_every_step_unless_told_otherwise() =>
        Assert.Equal(
            [new ExponentialScheduler(1, 0.9, 1, Staircase: false, Length: null)],
            Read("{scheduler: Exponential, initial_learning_rate: 1, decay_rate: 0.9}").Schedulers);

    [Fact]
    public void Main_scheduler_chained_makes_a_product_and_needs_no_steps()
    {
        LearningRateParameters rate = Read(
            "[{main_scheduler: chained, scheduler: Constant, learning_rate: 1}, {scheduler: Exponential, initial_learning_rate: 1, gamma: 0.9}]");

        Assert.True(rate.Chained);
        Assert.Equal(2, rate.Schedulers.Length);
    }

    [Theory]
    [InlineData("fast", "14:3: optimizer.learning_rate is \"fast\"; valid: a number of at least 0, a scheduler, or a list of schedulers")]
    [InlineData("-1", "14:3: optimizer.learning_rate is -1; valid: a number of at least 0, a scheduler, or a list of schedulers")]
    [InlineData("[]", "14:3: optimizer.learning_rate is an empty list; valid: a number of at least 0, a scheduler, or a list of schedulers")]
    [InlineData("[0.1]", "14:19: optimizer.learning_rate[0] is 0.1; valid: a map with a scheduler")]
    [InlineData("{scheduler: OneCycle}", "14:19: optimizer.learning_rate.scheduler is \"OneCycle\"; valid: Constant, Linear, Polynomial, "
        + "Exponential, InverseSquareRootDecay, CosineDecay, PiecewiseConstant")]
    [InlineData("{learning_rate: 1}", "14:3: optimizer.learning_rate.scheduler is missing; valid: Constant, Linear, Polynomial, Exponential, "
        + "InverseSquareRootDecay, CosineDecay, PiecewiseConstant")]
    [InlineData(
        "{scheduler: Linear, initial_learning_rate: 1, steps: 5}",
        "14:3: optimizer.learning_rate.end_learning_rate is missing; valid: a number of at least 0")]
    [InlineData(
        "[{scheduler: Constant, learning_rate: 1}, {scheduler: Constant, learning_rate: 2}]",
        "14:19: optimizer.learning_rate[0].steps is missing; valid: an integer of at least 0")]
    [InlineData(
        "{scheduler: Linear, initial_learning_rate: 1, end_learning_rate: 0, steps: 5, decay_steps: 6}",
        "14:96: optimizer.learning_rate.decay_steps is 6 and means the same as steps, which is 5; give one of them, or both the same value")]
    [InlineData(
        "{scheduler: Exponential, initial_learning_rate: 1, decay_rate: 0}",
        "14:69: optimizer.learning_rate.decay_rate is 0; valid: a number above 0")]
    [InlineData(
        "{scheduler: PiecewiseConstant, values: [1, 2], boundaries: [3, 4]}",
        "14:65: optimizer.learning_rate.boundaries does not fit the 2 values; valid: a list of ascending steps, one fewer than values")]
    [InlineData(
        "{scheduler: PiecewiseConstant, values: [1, 2, 3], boundaries: [4, 4]}",
        "14:68: optimizer.learning_rate.boundaries does not fit the 3 values; valid: a list of ascending steps, one fewer than values")]
    [InlineData("{scheduler: PiecewiseConstant, values: 1, boundaries: []}", "14:49: optimizer.learning_rate.values is 1; valid: a list of rates")]
    [InlineData(
        "{scheduler: PiecewiseConstant, values: [1, x], boundaries: [3]}",
        "14:61: optimizer.learning_rate.values[1] is \"x\"; valid: a number of at least 0")]
    [InlineData(
        "[{main_scheduler: chained, scheduler: Constant, learning_rate: 1}, {scheduler: PiecewiseConstant, boundaries: []}]",
        "14:85: optimizer.learning_rate[1].values is missing; valid: a list of rates")]
    [InlineData(
        "[{main_scheduler: chained, scheduler: Constant, learning_rate: 1}, {scheduler: Constant, learning_rate: 0}]",
        "14:86: optimizer.learning_rate[1].scheduler begins at 0, by which a chained scheduler is divided; valid: a first rate above 0")]
    public void A_wrong_schedule_says_what_would_be_valid(string learningRate, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(Yaml(learningRate)));

    [Fact]
    public void A_setting_of_another_scheduler_is_warned_of() =>
        Assert.Equal(
            ["params.yaml:14:86: optimizer.learning_rate.power is not a known key; it is ignored"],
            YamlRun.Warnings(Yaml("{scheduler: Linear, initial_learning_rate: 1, end_learning_rate: 0, power: 2, steps: 3}")));

    [Theory]
    [InlineData("steps: 5, decay_steps: 5")]
    [InlineData("decay_steps: 5.0, steps: 5")]
    public void Steps_and_decay_steps_that_agree_are_one_length(string steps)
    {
        LearningRateParameters rate =
            YamlRun.Read(Yaml($"{{scheduler: Linear, initial_learning_rate: 1, end_learning_rate: 0, {steps}}}")).Optimizer!.LearningRate;

        Assert.Equal(5, Assert.Single(rate.Schedulers).Steps);
    }
}
