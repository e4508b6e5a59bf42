using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Runs;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>Runs that have a time in place of steps.</summary>
public sealed class TimeBudgetRunTests
{
    // By the tests' clock, which is read every 10 ms, as it has it.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    [Fact]
    public void A_run_ends_with_the_steps_that_it_announced_and_given_these_it_is_the_same_bit_for_bit()
    {
        using TestRun timed = Moving();
        timed.With(config => config with { TimeBudget = Short });
        RunSummary summary = timed.Execute(RunMode.TrainAndEval);
        int steps = timed.Overview!.LastStep;
        using TestRun again = Moving();
        again.With(config => config with { BudgetSteps = steps }).Execute(RunMode.TrainAndEval);

        Assert.Equal(steps, summary.LastStep);
        Assert.Matches(
            @"^Information: time budget 2 s: [\d,]+ steps? of [\d.]+ ms; the schedules, written for 8 steps, are stretched by [\d.E+]+$",
            timed.Logged.Single(line => line.Contains("time budget", StringComparison.Ordinal)));
        Assert.Equal(timed.Steps.Select(step => (step.Step, step.Loss, step.GradNorm, step.LearningRate)),
            again.Steps.Select(step => (step.Step, step.Loss, step.GradNorm, step.LearningRate)));
        Assert.Equal(timed.MaskUpdates.Select(update => update.Step), again.MaskUpdates.Select(update => update.Step));
        Assert.Equal(timed.Evaluations.Select(evaluation => (evaluation.Step, evaluation.Loss)),
            again.Evaluations.Select(evaluation => (evaluation.Step, evaluation.Loss)));
        using CheckpointReader reader = CheckpointReader.Open(timed.CheckpointPath(steps));
        Assert.All(
            reader.Names,
            name => Assert.Equal(TestRun.Tensor(timed.CheckpointPath(steps), name), TestRun.Tensor(again.CheckpointPath(steps), name)));
        Assert.Equal(steps, TimeBudget.Read(reader));
        Assert.Equal([timed.CheckpointPath(steps)], Directory.GetFiles(timed.Folder, "checkpoint_*"));
    }

    [Fact]
    public void Given_steps_stretch_all_schedules()
    {
        using TestRun run = Moving();
        run.With(config => config with { BudgetSteps = 24, CheckpointSteps = 4 }).Execute(RunMode.TrainAndEval);

        Assert.Equal(24, run.Steps.Count);
        Assert.Equal([12, 24], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal([6, 12, 18, 24], run.MaskUpdates.Select(update => update.Step));
        Assert.Equal([run.CheckpointPath(12), run.CheckpointPath(24)], run.Checkpoints);

        // Written as two steps from 0 to 0.004, which are six now.
        Assert.Equal([0, 0.67, 1.33, 2], run.Steps.Take(4).Select(step => Math.Round(1000 * step.LearningRate, 2)));
        Assert.Equal(0.004, run.Steps[6].LearningRate, 12);
        Assert.Contains(
            "Information: budget of 24 steps: the schedules, written for 8 steps, are stretched by 3", run.Logged);
    }

    [Fact]
    public void A_run_that_goes_on_has_the_end_that_it_had_whatever_time_is_left()
    {
        using TestRun unbroken = Moving();
        unbroken.With(config => config with { BudgetSteps = 30 }).Execute();
        using TestRun broken = Moving();
        broken.StopAfter = 11;
        broken.With(config => config with { BudgetSteps = 30 }).Execute();
        broken.StopAfter = null;

        broken.With(config => config with { BudgetSteps = null, TimeBudget = TimeSpan.FromDays(1) }).Execute();

        Assert.Equal(30, broken.Overview!.LastStep);
        Assert.Equal(unbroken.Steps.Select(step => (step.Step, step.Loss)), broken.Steps.Select(step => (step.Step, step.Loss)));
        Assert.Contains(
            "Information: the run goes on to step 30: the schedules, written for 8 steps, are stretched by 3.75", broken.Logged);
    }

    [Fact]
    public void All_ranks_have_the_steps_that_the_first_chose()
    {
        using TestRun run = Moving();

        RunSummary[] summaries = run.With(config => config with { TimeBudget = Short }).ExecuteOnRanks(2, RunMode.TrainAndEval);

        Assert.All(summaries, summary => Assert.Equal(run.Overview!.LastStep, summary.LastStep));
        Assert.Equal(run.Overview!.LastStep, run.Steps[^1].Step);
    }

    [Fact]
    public void Pruning_that_goes_on_over_the_run_is_timed_at_its_levels()
    {
        using TestRun run = new() { Clock = ClockOfTests() };
        DynamicSparsity pruning =
            new(SparsityAlgorithm.Gmp, new LinearValue(0, 0.01), new PeriodicUpdates(10, 10), DynamicSparsity.DefaultDropFraction);
        run.Parameters = run.Parameters with { Sparsity = Groups(pruning) };
        run.With(config => config with { MaxSteps = 90, TimeBudget = Short }).Execute();

        Assert.Equal(run.Overview!.LastStep, run.Steps.Count);
        Assert.Equal(9, run.MaskUpdates.Count);
        Assert.Equal(0.9, run.MaskUpdates[^1].Total.Sparsity, 1.0 / 50);
    }

    [Fact]
    public void A_time_that_is_too_short_for_a_step_is_refused()
    {
        using TestRun run = new() { Clock = ClockOfTests() };
        run.With(config => config with { TimeBudget = TimeSpan.FromMilliseconds(1) });

        Assert.Matches(
            @"^params\.yaml: runconfig\.time_budget is 0\.001 s, of which [\d.]+ s are over before the first step; "
            + @"one with its evaluation and checkpoint takes [\d.]+ s more$",
            Assert.Throws<ConfigurationException>(() => run.Execute()).Message);
        Assert.Empty(run.Steps);
    }

    [Fact]
    public void A_stop_while_steps_are_timed_leaves_nothing_to_go_on_from()
    {
        using TestRun run = Moving();
        run.Clock = new StoppingClock(run);

        RunSummary summary = run.With(config => config with { TimeBudget = Short }).Execute();

        Assert.Equal((0, null), (summary.LastStep, summary.CheckpointPath));
        Assert.Empty(Directory.GetFiles(run.Folder, "checkpoint_*"));
        Assert.Contains("Information: Stopped while the first steps were timed; the same command starts anew.", run.Logged);
    }

    [Fact]
    public void A_checkpoint_of_another_length_is_refused()
    {
        using TestRun plain = Moving();
        plain.Execute();
        using TestRun budgeted = Moving();
        budgeted.With(config => config with { BudgetSteps = 10 }).Execute();

        Assert.Equal(
            $"params.yaml: runconfig.time_budget does not go with {plain.CheckpointPath(8)}, whose run has its schedules as they are written; "
            + "leave it out, or give another model_dir",
            Assert.Throws<ConfigurationException>(() => plain.With(config => config with { TimeBudget = Short }).Execute()).Message);
        Assert.Equal(
            $"params.yaml: runconfig.budget_steps is 12, and {budgeted.CheckpointPath(10)} is of a run that has 10; give that number, or another "
            + "model_dir",
            Assert.Throws<ConfigurationException>(() => budgeted.With(config => config with { BudgetSteps = 12 }).Execute()).Message);

        budgeted.With(config => config with { BudgetSteps = null, MaxSteps = 11 }).Execute();
        string warning = $"Warning: {budgeted.CheckpointPath(10)} is of a run whose schedules were stretched over 10 steps";
        Assert.Contains(budgeted.Logged, line => line.StartsWith(warning, StringComparison.Ordinal));
    }

    private static CountingClock ClockOfTests() => new(TimeSpan.FromMilliseconds(10));

    private static SparsityParameters Groups(DynamicSparsity dynamic) => new()
    {
        Selection = SparsitySelection.Default,
        Groups = [new SparsityGroup(null, 0.5, SparsityMethod.Random, 1234, "params.yaml:1:1") { Dynamic = dynamic }],
    };

    /// <summary>A run with a warm-up, and masks that change by gradients.</summary>
    private static TestRun Moving()
    {
        TestRun run = new() { Clock = ClockOfTests() };
        LearningRateParameters rate = new([new PolynomialScheduler(0, 0.004, 2), new CosineDecayScheduler(0.004, 0.001, 6)]);
        DynamicSparsity moving =
            new(SparsityAlgorithm.RigL, new ConstantValue(0.5), new PeriodicUpdates(2), DynamicSparsity.DefaultDropFraction);
        run.Parameters = run.Parameters with
        {
            Optimizer = run.Parameters.Optimizer! with { LearningRate = rate },
            Sparsity = Groups(moving),
        };
        return run.With(config => config with { EvalFrequency = 4 });
    }

    /// <summary>Asks the run to stop soon after it has begun.</summary>
    private sealed class StoppingClock(TestRun run) : TimeProvider
    {
        private int readings;

        public override long GetTimestamp()
        {
            if (++readings == 5)
            {
                run.Stop();
            }

            return base.GetTimestamp();
        }
    }
}
