using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Runs;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

/// <summary>A run that was stopped goes on as if it had not been: bit for bit, with dropout and shuffled data.</summary>
public class ResumeTests
{
    [Theory]
    [InlineData(OptimizerKind.AdamW, 0)]
    [InlineData(OptimizerKind.Sgd, 0.9)]
    public void A_resumed_run_has_the_losses_and_weights_of_an_unbroken_one(OptimizerKind kind, double momentum)
    {
        using TestRun unbroken = new();
        using TestRun broken = new();
        unbroken.Parameters = WithOptimizer(unbroken.Parameters, kind, momentum);
        broken.Parameters = WithOptimizer(broken.Parameters, kind, momentum);

        unbroken.Execute();
        broken.With(config => config with { MaxSteps = 3 }).Execute();
        RunSummary resumed = broken.With(config => config with { MaxSteps = 8 }).Execute();

        Assert.Equal(broken.CheckpointPath(3), broken.Overview!.ResumedFrom);
        Assert.Equal(3, broken.Overview.StepsDone);
        Assert.Equal(8, resumed.LastStep);
        AssertSameRuns(unbroken, broken);
        AssertSameCheckpoints(unbroken.CheckpointPath(8), broken.CheckpointPath(8));
    }

    [Fact]
    public void A_cancelled_run_finishes_its_step_writes_a_checkpoint_and_can_be_resumed()
    {
        using TestRun unbroken = new();
        using TestRun broken = new();

        broken.StopAfter = 5;
        RunSummary stopped = broken.Execute();
        broken.StopAfter = null;
        broken.Execute();
        unbroken.Execute();

        Assert.Equal(5, stopped.LastStep);
        Assert.Equal(broken.CheckpointPath(5), stopped.CheckpointPath);
        Assert.Contains(broken.Logged, line => line.Contains("Stopped at step 5 of 8", StringComparison.Ordinal));
        AssertSameRuns(unbroken, broken);
    }

    [Fact]
    public void A_run_cancelled_before_its_first_step_says_that_there_is_nothing_to_go_on_from()
    {
        using TestRun run = new();
        run.StopAfter = 0;

        RunSummary stopped = run.Execute();

        Assert.Equal((0, null), (stopped.LastStep, stopped.CheckpointPath));
        Assert.False(File.Exists(run.CheckpointPath(0)));
        Assert.Contains(
            run.Logged, line => line.EndsWith("Stopped before the first of 8 steps; the same command starts anew.", StringComparison.Ordinal));
        Assert.DoesNotContain(run.Logged, line => line.Contains("go on", StringComparison.Ordinal));
    }

    [Fact]
    public void The_step_0_checkpoint_is_dense_and_starts_the_same_run()
    {
        using TestRun whole = new();
        whole.With(config => config with { SaveInitialCheckpoint = true }).Execute();
        using TestRun resumed = new();
        File.Copy(whole.CheckpointPath(0), resumed.CheckpointPath(0));
        resumed.Execute();

        Assert.DoesNotContain(
            TestRun.Tensor(whole.CheckpointPath(0), "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight"), float.IsNaN);
        AssertSameRuns(whole, resumed);
    }

    [Fact]
    public void A_pretrained_checkpoint_gives_its_weights_and_starts_at_step_0()
    {
        using TestRun first = new();
        first.Execute();
        using TestRun second = new();
        second.With(config => config with { CheckpointPath = first.CheckpointPath(8), IsPretrainedCheckpoint = true, MaxSteps = 2 }).Execute();

        Assert.Equal(0, second.Overview!.StepsDone);
        Assert.Equal([1, 2], second.Steps.Select(step => step.Step));
        Assert.True(second.Steps[0].Loss < first.Steps[0].Loss - 0.1);
    }

    [Fact]
    public void Without_autoload_a_run_starts_afresh()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 2, AutoloadLastCheckpoint = false }).Execute();
        run.Execute();

        Assert.Null(run.Overview!.ResumedFrom);
        Assert.Equal([1, 2, 1, 2], run.Steps.Select(step => step.Step));
        Assert.Equal(run.Steps[0].Loss, run.Steps[2].Loss);
    }

    [Fact]
    public void Sparse_places_are_NaN_in_the_weight_and_in_both_moments()
    {
        using TestRun run = new();
        string checkpoint = run.Execute().CheckpointPath!;
        const string Name = "model.transformer_decoder.layers.1.ffn.ffn.1.linear_layer.weight";

        bool[] pruned = [.. TestRun.Tensor(checkpoint, Name).Select(float.IsNaN)];
        Assert.Equal(pruned.Length * 3 / 4, pruned.Count(flag => flag));
        Assert.Equal(pruned, TestRun.Tensor(checkpoint, $"optimizer.state.{Name}.exp_avg").Select(float.IsNaN));
        Assert.Equal(pruned, TestRun.Tensor(checkpoint, $"optimizer.state.{Name}.exp_avg_sq").Select(float.IsNaN));
    }

    [Fact]
    public void A_lower_level_keeps_what_is_alive_and_regrows_from_zero()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 2 }).Execute();
        run.Parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(0.5) };
        run.With(config => config with { MaxSteps = 3 }).Execute();

        const string Name = "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight";
        float[] before = TestRun.Tensor(run.CheckpointPath(2), Name);
        float[] after = TestRun.Tensor(run.CheckpointPath(3), Name);
        Assert.Equal(after.Length / 2, after.Count(float.IsNaN));
        Assert.All(before.Zip(after), pair => Assert.True(float.IsNaN(pair.First) || !float.IsNaN(pair.Second)));

        // One update from 0 is at most the learning rate times a factor near 1.
        float[] regrown = [.. before.Zip(after).Where(pair => float.IsNaN(pair.First) && !float.IsNaN(pair.Second)).Select(pair => pair.Second)];
        Assert.Equal(after.Length / 4, regrown.Length);
        Assert.All(regrown, weight => Assert.InRange(weight, -0.004f, 0.004f));
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept_where_a_number_is_given()
    {
        using TestRun run = new();
        run.With(config => config with { CheckpointSteps = 2, KeepCheckpointMax = 2 }).Execute();

        Assert.Equal(4, run.Checkpoints.Count);
        Assert.Equal([run.CheckpointPath(6), run.CheckpointPath(8)], CheckpointDirectory.All(run.Folder));
    }

    [Fact]
    public void Neither_the_checkpoint_that_a_run_starts_from_elsewhere_nor_another_runs_later_ones_are_deleted()
    {
        using TestRun first = new();
        first.With(config => config with { MaxSteps = 2 }).Execute();
        using TestRun second = new();
        File.Copy(first.CheckpointPath(2), second.CheckpointPath(99));
        second
            .With(config => config with { CheckpointPath = first.CheckpointPath(2), MaxSteps = 5, CheckpointSteps = 1, KeepCheckpointMax = 1 })
            .Execute();

        Assert.Equal([first.CheckpointPath(2)], CheckpointDirectory.All(first.Folder));
        Assert.Equal([second.CheckpointPath(5), second.CheckpointPath(99)], CheckpointDirectory.All(second.Folder));
    }

    [Fact]
    public void A_run_at_its_last_step_trains_nothing_and_still_evaluates()
    {
        using TestRun run = new();
        run.Execute();
        RunSummary again = run.Execute(RunMode.TrainAndEval);

        Assert.Equal(8, run.Steps.Count);
        Assert.Null(again.LastLoss);
        Assert.NotNull(again.Evaluation);
        Assert.Equal(run.CheckpointPath(8), again.CheckpointPath);
    }

    [Fact]
    public void Num_steps_counts_from_where_the_run_starts()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = null, NumSteps = 2 });

        Assert.Equal(2, run.Execute().LastStep);
        Assert.Equal(4, run.Execute().LastStep);
    }

    [Fact]
    public void The_run_log_of_a_resumed_run_is_that_of_an_unbroken_one_but_for_times()
    {
        using TestRun unbroken = new();
        using TestRun broken = new();
        unbroken.Execute();
        broken.With(config => config with { MaxSteps = 3 }).Execute();
        broken.With(config => config with { MaxSteps = 8 }).Execute();

        Assert.Equal(8, LogWithoutTimes(unbroken).Length);
        Assert.Equal(LogWithoutTimes(unbroken), LogWithoutTimes(broken));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_training_time_goes_on_from_the_checkpoint(bool keepLog)
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 6, CheckpointSteps = 3 }).Execute();
        double atCheckpoint = run.Steps[2].Seconds!.Value;
        double before = run.Steps[^1].Seconds!.Value;
        File.Delete(run.CheckpointPath(6));
        if (!keepLog)
        {
            File.Delete(Path.Combine(run.Folder, "metrics.jsonl"));
        }

        RunSummary resumed = run.With(config => config with { MaxSteps = 8 }).Execute(RunMode.TrainAndEval);

        StepMetrics[] again = [.. run.Steps.Skip(6)];
        Assert.Equal([4, 5, 6, 7, 8], again.Select(step => step.Step));
        Assert.Equal(atCheckpoint + resumed.TrainSeconds, again[^1].Seconds!.Value, 9);
        Assert.Equal(again[^1].Seconds, Assert.Single(run.Evaluations).Seconds);
        AssertAscends([atCheckpoint, .. again.Select(step => step.Seconds!.Value)]);
        AssertAscends([atCheckpoint, before]);

        run.Execute(RunMode.Eval);
        Assert.Equal(again[^1].Seconds, run.Evaluations[^1].Seconds);
    }

    [Fact]
    public void From_a_checkpoint_that_tells_no_time_it_goes_on_from_the_log()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 3 }).Execute();
        RewriteWithoutTime(run.CheckpointPath(3));

        RunSummary resumed = run.With(config => config with { MaxSteps = 4 }).Execute();

        Assert.Equal(run.Steps[2].Seconds!.Value + resumed.TrainSeconds, run.Steps[^1].Seconds!.Value, 9);
    }

    [Fact]
    public void Neither_telling_any_it_starts_at_zero()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 3 }).Execute();
        RewriteWithoutTime(run.CheckpointPath(3));
        File.WriteAllText(Path.Combine(run.Folder, "metrics.jsonl"), "{\"step\":3,\"loss\":3}\n");

        RunSummary resumed = run.With(config => config with { MaxSteps = 4 }).Execute();

        Assert.Equal(resumed.TrainSeconds, run.Steps[^1].Seconds!.Value, 9);
    }

    private static void RewriteWithoutTime(string path)
    {
        using (CheckpointReader reader = CheckpointReader.Open(path))
        {
            Assert.True(reader.Metadata.ContainsKey(TrainingTime.Key));
            MdlWriter.Write(
                path + ".old",
                [.. reader.Names.Select(name => new TensorWriter(name, reader.Shape(name), values => reader.Read(name, values)))],
                reader.State,
                reader.Metadata.Where(text => text.Key != TrainingTime.Key).ToDictionary());
        }

        File.Move(path + ".old", path, overwrite: true);
    }

    private static void AssertAscends(double[] values) => Assert.Equal(values.Order().Distinct(), values);

    private static RunParameters WithOptimizer(RunParameters parameters, OptimizerKind kind, double momentum) =>
        parameters with { Optimizer = parameters.Optimizer! with { Kind = kind, Momentum = momentum } };

    private static string[] LogWithoutTimes(TestRun run) =>
    [
        .. File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Select(line =>
            string.Join(' ', JsonDocument.Parse(line).RootElement.EnumerateObject()
                .Where(property => property.Name is not ("step_ms" or "seconds" or "tokens_per_second"))
                .Select(property => property.ToString()))),
    ];

    private static void AssertSameRuns(TestRun expected, TestRun actual)
    {
        Assert.Equal(expected.Steps.Select(step => step.Step), actual.Steps.Select(step => step.Step));
        Assert.Equal(expected.Steps.Select(step => step.Loss), actual.Steps.Select(step => step.Loss));
        Assert.Equal(expected.Steps.Select(step => step.GradNorm), actual.Steps.Select(step => step.GradNorm));
    }

    private static void AssertSameCheckpoints(string expected, string actual)
    {
        using CheckpointReader reader = CheckpointReader.Open(expected);
        Assert.All(reader.Names, name => Assert.Equal(TestRun.Tensor(expected, name), TestRun.Tensor(actual, name)));
    }
}
