using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class TrainerSchedulerTests
{
    [Theory]
    [InlineData("- LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}")]
    [InlineData("- linearlr: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}")]
    [InlineData("- Linear: {initial_learning_rate: 0.0, end_learning_rate: 1.0, steps: 5}")]
    [InlineData("- scheduler: {LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}}")]
    [InlineData("- {scheduler: Linear, initial_learning_rate: 0.0, end_learning_rate: 1.0, steps: 5}")]
    [InlineData("- ScalePerParamLR: {scheduler: {LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}}}")]
    [InlineData("- SequentialLR: {schedulers: [LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}]}")]
    [InlineData("  LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0, total_iters: 5}")]
    public void One_scheduler_has_many_spellings(string item) =>
        Assert.Equal([new PolynomialScheduler(0, 1, 5)], Read(item).Schedulers);

    [Fact]
    public void Every_kind_has_the_settings_that_2_x_gives_it() => Assert.Equal(
        [
            new PolynomialScheduler(0, 1, 5, Power: 2, Cycle: true), new CosineDecayScheduler(1, 0.5, 6),
            new ExponentialScheduler(0.5, 0.9, 7, Staircase: true, 7), new ConstantScheduler(0.25, 8),
            new InverseSquareRootDecayScheduler(1, 2, 3, Steps: null),
        ],
        Read(
            """
            - SequentialLR:
                schedulers:
                - PolynomialLR: {initial_learning_rate: 0, end_learning_rate: 1, total_iters: 5, power: 2, cycle: true}
                - CosineDecayLR: {initial_learning_rate: 1, end_learning_rate: 0.5, total_iters: 6}
                - ExponentialLR: {initial_learning_rate: 0.5, decay_rate: 0.9, total_iters: 7, staircase: true}
                - ConstantLR: {learning_rate: 0.25, total_iters: 8}
                - InverseSquareRootDecayLR: {scale: 2, warmup_steps: 3}
            """).Schedulers);

    [Fact]
    public void Piecewise_constant_has_rates_and_milestones()
    {
        LearningRateParameters rate = Read("- PiecewiseConstantLR: {learning_rates: [1, 0.5], milestones: [9]}");

        PiecewiseConstantScheduler scheduler = Assert.IsType<PiecewiseConstantScheduler>(Assert.Single(rate.Schedulers));
        Assert.Equal([1, 0.5], scheduler.Values);
        Assert.Equal([9], scheduler.Boundaries);
    }

    [Fact]
    public void Chained_schedulers_run_together()
    {
        LearningRateParameters rate = Read("- ChainedLR: {schedulers: [ConstantLR: {learning_rate: 1}, ExponentialLR: "
            + "{initial_learning_rate: 1, decay_rate: 0.9, total_iters: 5}]}");

        Assert.True(rate.Chained);
        Assert.Equal(2, rate.Schedulers.Length);
    }

    [Fact]
    public void Milestones_give_the_length_of_what_has_none() => Assert.Equal(
        [new ConstantScheduler(1, 4), new PolynomialScheduler(1, 0, 6), new ConstantScheduler(0)],
        Read("- SequentialLR: {milestones: [4, 10], schedulers: [ConstantLR: {learning_rate: 1}, "
            + "LinearLR: {initial_learning_rate: 1, end_learning_rate: 0, total_iters: 6}, ConstantLR: {learning_rate: 0}]}").Schedulers);

    [Theory]
    [InlineData("optimizer: {AdamW: {learning_rate: 0.5}}")]
    [InlineData("optimizer: {AdamW: {lr: 0.5}}")]
    public void Without_schedulers_the_optimizers_own_rate_is_constant(string optimizer) =>
        Assert.Equal([new ConstantScheduler(0.5)], YamlRun.Read(WithOptimizer(optimizer)).Optimizer!.LearningRate.Schedulers);

    [Fact]
    public void A_rate_is_needed_from_somewhere() => Assert.Equal(
        [
            "params.yaml:2:3: trainer.init.schedulers is missing; "
            + "valid: a list with one scheduler, such as LinearLR, or with a SequentialLR of several",
        ],
        YamlRun.Errors(WithOptimizer("optimizer: {AdamW: {}}")));

    [Theory]
    [InlineData(
        "- StepLR: {gamma: 0.1}",
        "17:7: trainer.init.schedulers[0].StepLR is not implemented; valid: ConstantLR, LinearLR, PolynomialLR, ExponentialLR, "
        + "InverseSquareRootDecayLR, CosineDecayLR, PiecewiseConstantLR")]
    [InlineData(
        "- LineerLR: {total_iters: 1}",
        "17:7: trainer.init.schedulers[0].LineerLR is not implemented; did you mean LinearLR? Valid: ConstantLR, LinearLR, PolynomialLR, "
        + "ExponentialLR, InverseSquareRootDecayLR, CosineDecayLR, PiecewiseConstantLR")]
    [InlineData(
        "- LinearLR: {initial_learning_rate: 0.0, end_learning_rate: -1, total_iters: 5}",
        "17:46: trainer.init.schedulers[0].LinearLR.end_learning_rate is -1; valid: a number of at least 0")]
    [InlineData(
        "- SequentialLR: {schedulers: [ConstantLR: {learning_rate: 1}, ConstantLR: {learning_rate: 2}]}",
        "17:35: trainer.init.schedulers[0].SequentialLR.schedulers[0].ConstantLR.steps is missing; valid: an integer of at least 0")]
    [InlineData(
        "- SequentialLR: {schedulers: []}", "17:22: trainer.init.schedulers[0].SequentialLR.schedulers is an empty list; valid: a list of "
        + "schedulers")]
    [InlineData(
        "- SequentialLR: {}", "17:7: trainer.init.schedulers[0].SequentialLR.schedulers is missing; valid: a list of schedulers")]
    [InlineData(
        "- SequentialLR: {milestones: [4], schedulers: [LinearLR: {initial_learning_rate: 0, end_learning_rate: 1, total_iters: 5}, "
        + "ConstantLR: {learning_rate: 1}]}",
        "17:22: trainer.init.schedulers[0].SequentialLR.milestones does not fit the schedulers; "
        + "valid: the step at which each but the first begins, which is the sum of total_iters before it")]
    [InlineData(
        "- SequentialLR: {schedulers: [SequentialLR: {}]}",
        "17:35: trainer.init.schedulers[0].SequentialLR.schedulers[0].SequentialLR is one of several schedulers; valid there: ConstantLR, "
        + "LinearLR, PolynomialLR, ExponentialLR, InverseSquareRootDecayLR, CosineDecayLR, PiecewiseConstantLR")]
    [InlineData(
        "- ConstantLR: {learning_rate: 1, param_group_tags: [a]}",
        "17:38: trainer.init.schedulers[0].ConstantLR.param_group_tags is a list: the key is not implemented; valid: no such key")]
    [InlineData(
        "- ConstantLR: {learning_rate: 1}\n    - ConstantLR: {learning_rate: 2}",
        "16:5: trainer.init.schedulers has 2 schedulers, which would set one rate; "
        + "valid: a list with one scheduler, such as LinearLR, or with a SequentialLR of several")]
    [InlineData(
        "- ChainedLR: {schedulers: [ConstantLR: {learning_rate: 1}, ConstantLR: {learning_rate: 0}]}",
        "17:64: trainer.init.schedulers[0].ChainedLR.schedulers[1].ConstantLR begins at 0, by which a chained scheduler is divided; "
        + "valid: a first rate above 0")]
    public void A_wrong_scheduler_says_where_what_and_what_would_be_valid(string item, string error) =>
        Assert.Equal(["params.yaml:" + error], YamlRun.Errors(TrainerYaml.WithSchedulers($"    schedulers:\n    {item}\n")));

    private static LearningRateParameters Read(string items)
    {
        string indented = string.Join('\n', items.ReplaceLineEndings("\n").Split('\n').Select(line => "    " + line));
        return YamlRun.Read(TrainerYaml.WithSchedulers($"    schedulers:\n{indented}\n")).Optimizer!.LearningRate;
    }

    private static string WithOptimizer(string optimizer) =>
        TrainerYaml.WithSchedulers("").Replace(
            "optimizer:\n      AdamW:\n        eps: 1.0e-8\n        correct_bias: false\n", optimizer + "\n", StringComparison.Ordinal);
}
