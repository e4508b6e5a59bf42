using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Training;

/// <summary>The lowest validation loss of a run: its checkpoint, and the end of a run that has seen it long ago.</summary>
public sealed class BestCheckpointTests
{
    [Fact]
    public void The_checkpoint_of_the_lowest_loss_stays_beside_those_that_are_counted()
    {
        using TestRun run = Run(config => config with { CheckpointSteps = 2, KeepCheckpointMax = 1 });

        RunSummary summary = run.Execute(RunMode.TrainAndEval);

        Assert.Equal([2, 4, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(4, run.Evaluations.MinBy(evaluation => evaluation.Loss)!.Step);
        Assert.Equal([run.CheckpointPath(8)], CheckpointDirectory.All(run.Folder));
        Assert.Equal(run.CheckpointPath(8), CheckpointDirectory.FindNewest(run.Folder));
        Assert.Equal(run.CheckpointPath(8), summary.CheckpointPath);
        Assert.Equal(4, BestStep(run));
        Assert.Equal(2, run.Checkpoints.Count(path => path == BestPath(run)));
    }

    [Fact]
    public void It_is_a_whole_checkpoint_that_evaluates_to_its_loss_and_can_be_gone_on_from()
    {
        using TestRun run = Run();
        run.Execute(RunMode.TrainAndEval);
        double best = run.Evaluations.Min(evaluation => evaluation.Loss);

        run.With(config => config with { CheckpointPath = BestPath(run) }).Execute(RunMode.Eval);
        Assert.Equal(best, run.Evaluations[^1].Loss);
        run.Execute();

        Assert.Equal(4, run.Overview!.StepsDone);
        Assert.Equal(run.Steps.Take(8).Skip(4).Select(step => step.Loss), run.Steps.Skip(8).Select(step => step.Loss));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_that_goes_on_remembers_it(bool hasLog)
    {
        using TestRun run = Run(config => config with { MaxSteps = 6 });
        run.Execute(RunMode.TrainAndEval);
        if (!hasLog)
        {
            File.Delete(Path.Combine(run.Folder, "metrics.jsonl"));
        }

        run.With(config => config with { MaxSteps = 10 }).Execute(RunMode.TrainAndEval);

        // From step 6 on the rate is 0, so that no later loss is below that of step 6; nor is that below the loss of step 4.
        Assert.Equal(4, BestStep(run));
        Assert.Equal(hasLog ? [2, 4, 6, 8, 10] : [2, 4, 6, 6, 8, 10], run.Evaluations.Select(evaluation => evaluation.Step));
    }

    [Fact]
    public void A_run_that_was_killed_before_it_was_written_writes_it()
    {
        using TestRun run = Run(config => config with { CheckpointSteps = 2 });
        run.AfterEvaluation = () => Assert.NotEqual(4, run.Evaluations[^1].Step);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => run.Execute(RunMode.TrainAndEval));
        Assert.Equal(2, BestStep(run));
        run.AfterEvaluation = null;

        run.Execute(RunMode.TrainAndEval);

        Assert.Equal([2, 4, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(4, BestStep(run));
    }

    [Fact]
    public void A_run_ends_after_so_many_evaluations_without_a_lower_loss_and_stays_ended()
    {
        using TestRun run = Run(config => config with { EarlyStop = 2, MaxSteps = 20 });

        RunSummary summary = run.Execute(RunMode.TrainAndEval);
        RunSummary again = run.Execute(RunMode.TrainAndEval);

        Assert.Equal((8, true), (summary.LastStep, summary.IsStoppedEarly));
        Assert.Equal((8, true), (again.LastStep, again.IsStoppedEarly));
        Assert.Equal(8, run.Steps.Count);
        Assert.Equal(run.CheckpointPath(8), summary.CheckpointPath);
        Assert.Equal([2, 4, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
        double best = run.Evaluations[1].Loss;
        Assert.Equal(
            2,
            run.Logged.Count(line => line == FormattableString.Invariant(
                $"Information: Ended early at step 8 of 20: the 2 evaluations since step 4 brought no validation loss below its {best:0.0000}")));
        Assert.DoesNotContain(run.Logged, line => line.Contains("Stopped at", StringComparison.Ordinal));
    }

    [Fact]
    public void More_patience_lets_an_ended_run_go_on()
    {
        using TestRun run = Run(config => config with { EarlyStop = 1, MaxSteps = 20 });
        run.Execute(RunMode.TrainAndEval);

        RunSummary more = run.With(config => config with { EarlyStop = 3 }).Execute(RunMode.TrainAndEval);

        Assert.Equal((10, true), (more.LastStep, more.IsStoppedEarly));
        Assert.Equal([2, 4, 6, 8, 10], run.Evaluations.Select(evaluation => evaluation.Step));
    }

    [Fact]
    public void A_run_that_is_stopped_before_an_evaluation_makes_up_for_it_and_ends_where_an_unbroken_one_does()
    {
        using TestRun run = Run(config => config with { EarlyStop = 2, MaxSteps = 20 });
        run.StopAfter = 6;
        Assert.Equal((6, false), (run.Execute(RunMode.TrainAndEval).LastStep, run.Evaluations.Any(evaluation => evaluation.Step == 6)));
        run.StopAfter = null;

        RunSummary summary = run.Execute(RunMode.TrainAndEval);

        Assert.Equal((8, true), (summary.LastStep, summary.IsStoppedEarly));
        Assert.Equal([2, 4, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
    }

    [Fact]
    public void All_ranks_end_early_together_and_right_after_going_on()
    {
        using TestRun run = Run(config => config with { EarlyStop = 2, MaxSteps = 20 });

        RunSummary[] first = run.ExecuteOnRanks(2, RunMode.TrainAndEval);
        RunSummary[] again = run.ExecuteOnRanks(2, RunMode.TrainAndEval);

        Assert.All([.. first, .. again], summary => Assert.Equal((8, true), (summary.LastStep, summary.IsStoppedEarly)));
        Assert.Equal(8, run.Steps.Count);
        Assert.Equal(4, BestStep(run));
    }

    [Theory]
    [InlineData(RunMode.Train, 2, "it needs --mode train_and_eval")]
    [InlineData(RunMode.TrainAndEval, null, "it needs a number for runconfig.eval_frequency")]
    public void An_early_end_needs_evaluations(RunMode mode, int? frequency, string needed)
    {
        using TestRun run = Run(config => config with { EarlyStop = 2, EvalFrequency = frequency });

        Assert.Equal(
            $"params.yaml: runconfig.early_stop is 2, and the run evaluates nothing on its way; {needed}",
            Assert.Throws<ConfigurationException>(() => run.Execute(mode)).Message);
    }

    [Fact]
    public void Without_evaluations_the_best_checkpoint_is_warned_of()
    {
        using TestRun run = Run();
        run.Execute();

        Assert.Contains(
            "Warning: runconfig.keep_best has no effect: the mode train evaluates nothing; --mode train_and_eval does", run.Logged);
    }

    /// <summary>A run whose validation loss is lowest after step 4, and stays as it is after step 6.</summary>
    private static TestRun Run(Func<RunConfig, RunConfig>? change = null)
    {
        TestRun run = new();
        LearningRateParameters rate = new([new PiecewiseConstantScheduler([0.003, 0.3, 0], [4, 6], null)]);
        run.Parameters = run.Parameters with { Optimizer = run.Parameters.Optimizer! with { LearningRate = rate } };
        return run.With(config => config with { KeepBest = true, EvalFrequency = 2 }).With(change ?? (config => config));
    }

    private static string BestPath(TestRun run) => Path.Combine(run.Folder, "checkpoint_best.mdl");

    private static int BestStep(TestRun run)
    {
        using CheckpointReader reader = CheckpointReader.Open(BestPath(run));
        return reader.State!.Step;
    }
}
