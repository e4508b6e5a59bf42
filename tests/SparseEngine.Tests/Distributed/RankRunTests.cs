using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Runs;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Distributed;

/// <summary>Whole runs of several ranks, which are threads here.</summary>
public class RankRunTests
{
    /// <summary>What a run is tried with.</summary>
    public enum Variant
    {
        Static,
        RigL,
        Dense,
        Dropout,
        GradientAccumulation,
        UntiedHead,
        Gated,
    }

    public static TheoryData<Variant> Variants() => [.. Enum.GetValues<Variant>()];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Several_ranks_train_what_one_process_trains(Variant variant)
    {
        using TestRun alone = Run(variant);
        alone.Execute();
        Assert.Equal(50, alone.Steps.Count);
        foreach (int ranks in (int[])[2, 3, 4])
        {
            using TestRun together = Run(variant);
            RunSummary[] summaries = together.ExecuteOnRanks(ranks);

            AssertClose(alone.Steps, together.Steps, 1e-5);
            Assert.All(summaries, summary => Assert.Equal(summaries[0].LastLoss, summary.LastLoss));
            Assert.Equal(alone.MaskUpdates.Select(update => update.Step), together.MaskUpdates.Select(update => update.Step));
            Assert.Equal(NaNs(alone.CheckpointPath(50)), NaNs(together.CheckpointPath(50)));
            Assert.Equal([.. alone.Checkpoints.Select(Path.GetFileName)], together.Checkpoints.Select(Path.GetFileName));
        }
    }

    [Theory]
    [InlineData(Variant.Dropout, 3)]
    [InlineData(Variant.RigL, 2)]
    public void Runs_with_as_many_ranks_are_bit_identical_whatever_their_threads(Variant variant, int ranks)
    {
        using TestRun first = Run(variant, steps: 12);
        using TestRun again = Run(variant, steps: 12);
        using TestRun threaded = Run(variant, steps: 12);

        first.ExecuteOnRanks(ranks);
        again.ExecuteOnRanks(ranks);
        threaded.ExecuteOnRanks(ranks, threads: 2);

        foreach (TestRun other in (TestRun[])[again, threaded])
        {
            Assert.Equal(first.Steps.Select(step => (step.Loss, step.GradNorm)), other.Steps.Select(step => (step.Loss, step.GradNorm)));
            AssertSameTensors(first.CheckpointPath(12), other.CheckpointPath(12));
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    [InlineData(2, 4)]
    public void A_checkpoint_resumes_with_any_number_of_ranks(int before, int after)
    {
        using TestRun unbroken = Run(Variant.RigL, steps: 20);
        using TestRun broken = Run(Variant.RigL, steps: 10);
        unbroken.Execute();
        broken.ExecuteOnRanks(before);
        broken.With(config => config with { MaxSteps = 20 }).ExecuteOnRanks(after);

        AssertClose(unbroken.Steps, broken.Steps, 1e-5);
        Assert.Equal(10, broken.Overview!.StepsDone);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void An_evaluation_that_is_shared_measures_what_one_process_measures(int ranks)
    {
        using TestRun run = Run(Variant.Static, steps: 4).With(config => config with { CheckpointSteps = 2, EvalSteps = null });
        run.Execute();
        run.Parameters = run.Parameters with { EvalInput = run.Parameters.EvalInput! with { BatchSize = 5 } };
        foreach (RunMode mode in (RunMode[])[RunMode.Eval, RunMode.EvalAll])
        {
            run.Execute(mode);
            EvaluationMetrics[] alone = [.. run.Evaluations];
            RunSummary[] summaries = run.ExecuteOnRanks(ranks, mode);
            EvaluationMetrics[] together = [.. run.Evaluations.Skip(alone.Length)];

            Assert.Equal(mode == RunMode.Eval ? [4] : [2, 4], together.Select(evaluation => evaluation.Step));
            foreach ((EvaluationMetrics one, EvaluationMetrics many) in alone.TakeLast(together.Length).Zip(together))
            {
                Assert.Equal(one.Loss, many.Loss, 1e-12 * one.Loss);
                Assert.Equal((one.Step, one.Accuracy, one.Tokens), (many.Step, many.Accuracy, many.Tokens));
            }

            Assert.All(summaries, summary => Assert.Equal(summaries[0].Evaluation!.Loss, summary.Evaluation!.Loss));
        }
    }

    [Fact]
    public void A_run_that_trains_and_evaluates_shares_both()
    {
        using TestRun alone = Run(Variant.Dropout, steps: 6).With(config => config with { EvalFrequency = 2, EvalSteps = null });
        using TestRun together = Run(Variant.Dropout, steps: 6).With(config => config with { EvalFrequency = 2, EvalSteps = null });
        alone.Execute(RunMode.TrainAndEval);
        together.ExecuteOnRanks(2, RunMode.TrainAndEval);

        Assert.Equal([2, 4, 6], together.Evaluations.Select(evaluation => evaluation.Step));
        Assert.All(
            alone.Evaluations.Zip(together.Evaluations), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-5 * pair.First.Loss));
        Assert.Equal(
            Files(alone.Folder), Files(together.Folder));

        static IEnumerable<string> Files(string folder) =>
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
                .Where(file => !file.Contains("tfevents", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Where_one_rank_is_asked_to_stop_all_stop_after_the_same_step()
    {
        using TestRun run = Run(Variant.Static, steps: 20);
        run.StopAfter = 7;

        RunSummary[] summaries = run.ExecuteOnRanks(3);

        Assert.All(summaries, summary => Assert.Equal(summaries[0].LastStep, summary.LastStep));
        Assert.InRange(summaries[0].LastStep, 7, 8);
        Assert.Equal([run.CheckpointPath(summaries[0].LastStep)], run.Checkpoints);
    }

    [Fact]
    public void A_seed_that_is_drawn_is_one_for_all()
    {
        using TestRun run = Run(Variant.Static, steps: 1);
        run.Parameters = run.Parameters with { Sparsity = SparsityParameters.OfLinearLayers(0.75) };

        run.ExecuteOnRanks(3);

        Assert.Single(run.Steps);
    }

    private static TestRun Run(Variant variant, int steps = 50)
    {
        TestRun run = new();
        RunParameters plain = run.Parameters;
        ModelParameters model = plain.Model with { DropoutRate = 0, EmbeddingDropoutRate = 0, AttentionDropoutRate = 0 };
        run.Parameters = plain with
        {
            // What 2, 3 and 4 ranks divide, into shares of two micro-batches.
            TrainInput = plain.TrainInput! with { BatchSize = 24 },
            RunConfig = plain.RunConfig with { MaxSteps = steps },
            Model = variant switch
            {
                Variant.Dropout => plain.Model,
                Variant.UntiedHead => model with { ShareEmbeddingWeights = false, LossScaling = LossScaling.BatchSize, LossWeight = 0.03 },
                Variant.Gated => model with
                {
                    GatedFeedForward = true, Nonlinearity = Kernels.Devices.Activation.Silu, PositionEmbedding = PositionEmbedding.Rotary,
                    Rotary = new RotaryParameters(8), Norm = NormKind.RmsNorm, ParallelResidual = true,
                },
                _ => model,
            },
            Optimizer = plain.Optimizer! with { GradAccumSteps = variant == Variant.GradientAccumulation ? 2 : 1 },
            Sparsity = variant switch
            {
                Variant.Dense => null,
                Variant.RigL => Moving(),
                _ => plain.Sparsity,
            },
        };
        return run;
    }

    private static SparsityParameters Moving()
    {
        SparsityParameters random = TestRun.RandomSparsity(0.75);
        DynamicSparsity rigl = new(SparsityAlgorithm.RigL, new ConstantValue(0.75), new PeriodicUpdates(7, 0), new ConstantValue(0.3));
        return random with { Groups = [random.Groups[0] with { Dynamic = rigl }] };
    }

    private static void AssertClose(IEnumerable<StepMetrics> expected, IReadOnlyList<StepMetrics> found, double tolerance)
    {
        Assert.Equal(expected.Select(step => step.Step), found.Select(step => step.Step));
        Assert.All(expected.Zip(found), pair =>
        {
            (StepMetrics one, StepMetrics many) = pair;
            Assert.True(Math.Abs(one.Loss - many.Loss) <= tolerance * one.Loss, $"step {one.Step}: {one.Loss} and {many.Loss}");
            Assert.Equal((one.Tokens, one.FlopsDense, one.FlopsExecuted), (many.Tokens, many.FlopsDense, many.FlopsExecuted));
        });
    }

    private static IEnumerable<string> NaNs(string checkpoint)
    {
        using CheckpointReader reader = CheckpointReader.Open(checkpoint);
        return
        [
            .. reader.Names.Order(StringComparer.Ordinal).Select(
                name => $"{name}: {string.Concat(TestRun.Tensor(checkpoint, name).Select(value => float.IsNaN(value) ? '-' : 'x'))}"),
        ];
    }

    private static void AssertSameTensors(string expected, string found)
    {
        using CheckpointReader reader = CheckpointReader.Open(expected);
        foreach (string name in reader.Names)
        {
            Assert.Equal(TestRun.Tensor(expected, name), TestRun.Tensor(found, name));
        }
    }
}
