using System.Text;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Training;

/// <summary>Whole runs: reproducibility, and what a user is told where one cannot go on.</summary>
public class TrainingRunTests
{
    [Fact]
    public void One_thread_and_two_give_bit_identical_metrics()
    {
        using TestRun one = new();
        using TestRun two = new();
        one.Execute(RunMode.TrainAndEval, threads: 1);
        two.Execute(RunMode.TrainAndEval, threads: 2);

        Assert.Equal(one.Steps.Select(step => (step.Loss, step.GradNorm)), two.Steps.Select(step => (step.Loss, step.GradNorm)));
        Assert.Equal(WithoutTime(one.Evaluations), WithoutTime(two.Evaluations));

        static IEnumerable<EvaluationMetrics> WithoutTime(IEnumerable<EvaluationMetrics> all) =>
            all.Select(evaluation => evaluation with { Seconds = null });
    }

    [Fact]
    public void Another_seed_gives_another_run()
    {
        using TestRun one = new();
        using TestRun two = new();
        one.Execute();
        two.With(config => config with { Seed = 2 }).Execute();

        Assert.NotEqual(one.Steps[0].Loss, two.Steps[0].Loss);
    }

    [Fact]
    public void A_sparse_run_executes_fewer_flops_and_holds_less_state()
    {
        using TestRun run = new();
        RunSummary summary = run.Execute();

        Assert.True(summary.FlopsExecuted < summary.FlopsDense);
        Assert.Equal(run.Steps.Sum(step => step.FlopsExecuted), summary.FlopsExecuted, summary.FlopsExecuted * 1e-12);
        Assert.True(summary.StateBytes < summary.StateBytesDense);
        Assert.Equal(8 * 4 * 32, summary.TokensTrained);
        Assert.Equal(run.Overview!.Parameters - run.Overview.Plan.Weights.Sum(weight => weight.Total - weight.Kept), run.Overview.NonZeros);
    }

    [Fact]
    public void A_dense_run_executes_the_dense_flops()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = null };
        RunSummary summary = run.Execute();

        Assert.Equal(summary.FlopsDense, summary.FlopsExecuted);
        Assert.Equal(summary.StateBytesDense, summary.StateBytes);
    }

    [Fact]
    public void Evaluations_come_at_their_frequency_and_at_the_end()
    {
        using TestRun run = new();
        RunSummary summary = run.With(config => config with { EvalFrequency = 3 }).Execute(RunMode.TrainAndEval);

        Assert.Equal([3, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(run.Evaluations[^1], summary.Evaluation);
        Assert.True(run.Evaluations[^1].Loss < run.Evaluations[0].Loss);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_before_it_reaches_a_checkpoint()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with
        {
            Optimizer = run.Parameters.Optimizer! with
            {
                Kind = OptimizerKind.Sgd, MaxGradientNorm = null,
                LearningRate = new LearningRateParameters([new ConstantScheduler(1e30, null)], false),
            },
        };

        TrainingException error = Assert.Throws<TrainingException>(() => run.Execute());

        Assert.Matches("^(NaN|inf) (loss|gradient norm) detected at step [2-8]\\. Please try different hyperparameters", error.Message);
        Assert.Empty(CheckpointDirectory.All(run.Folder));
    }

    [Fact]
    public void A_step_beyond_the_last_is_an_error()
    {
        using TestRun run = new();
        run.Execute();

        TrainingException error = Assert.Throws<TrainingException>(() => run.With(config => config with { MaxSteps = 5 }).Execute());
        Assert.Equal("Global step 8 already exceeds max step 5.", error.Message);
    }

    [Fact]
    public void A_sparse_checkpoint_without_a_sparsity_section_cannot_be_trained_and_the_error_says_what_to_do()
    {
        using TestRun run = new();
        run.Execute();
        run.Parameters = run.Parameters with { Sparsity = null };

        TrainingException error = Assert.Throws<TrainingException>(() => run.With(config => config with { MaxSteps = 9 }).Execute());

        long pruned = run.Overview!.Parameters - run.Overview.NonZeros;
        Assert.StartsWith(
            $"{run.CheckpointPath(8)}: {pruned} weights are NaN, the mark of sparse places, in 12 parameters", error.Message,
            StringComparison.Ordinal);
        Assert.Contains("model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight (768), ", error.Message, StringComparison.Ordinal);
        Assert.Contains("and 8 more; either give the YAML a sparsity section", error.Message, StringComparison.Ordinal);
        Assert.Contains($"sparse-engine finalize -i {run.CheckpointPath(8)} -o FILE", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_checkpoint_of_another_model_names_the_first_difference()
    {
        using TestRun run = new();
        run.Execute();

        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { Layers = 3 } };
        Assert.Contains(
            "was saved from another model than the model section describes: num_hidden_layers was 2 and is 3; "
            + "make the section that of the checkpoint",
            Assert.Throws<ConfigurationException>(() => run.Execute()).Message,
            StringComparison.Ordinal);

        // Given for its weights alone, it must still have all of them.
        run.With(config => config with { CheckpointPath = run.CheckpointPath(8), IsPretrainedCheckpoint = true });
        Assert.Contains(
            "lacks 16 of the model's 52 parameters, first model.transformer_decoder.layers.2.self_attn.proj_q_dense_layer.weight",
            Assert.Throws<CheckpointException>(() => run.Execute()).Message,
            StringComparison.Ordinal);

        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { Layers = 1 } };
        Assert.Contains(
            "has 16 parameters that the model lacks, first model.transformer_decoder.layers.1.",
            Assert.Throws<CheckpointException>(() => run.Execute()).Message,
            StringComparison.Ordinal);

        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { Layers = 2, FilterSize = 96 } };
        Assert.Contains(
            "ffn.ffn.0.linear_layer.weight is [64, 32], the model section makes it [96, 32]",
            Assert.Throws<CheckpointException>(() => run.Execute()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_mode_without_its_sections_lists_all_that_is_missing()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { TrainInput = null, EvalInput = null, Optimizer = null };

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => run.Execute(RunMode.TrainAndEval));
        Assert.Equal(3, error.Problems.Length);
        Assert.StartsWith("params.yaml: train_input is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sequence_longer_than_the_position_table_is_an_error()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { MaxPositionEmbeddings = 16 } };

        Assert.Equal(
            [
                "params.yaml: train_input.max_sequence_length is 32; valid: at most model.max_position_embeddings, 16",
                "params.yaml: eval_input.max_sequence_length is 32; valid: at most model.max_position_embeddings, 16",
            ],
            Assert.Throws<ConfigurationException>(() => run.Execute()).Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Samples_that_give_the_length_themselves_must_not_be_longer_than_the_position_table()
    {
        using TestRun run = new();
        InputParameters input = run.Parameters.TrainInput! with { MaxSequenceLength = 16, TakesLengthFromData = true };
        run.Parameters = run.Parameters with { TrainInput = input, EvalInput = null };
        Assert.Equal(8, run.Execute(RunMode.Train).LastStep);
        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { MaxPositionEmbeddings = 16 } };

        Assert.Equal(
            $"{input.DataDirectories[0]}: the samples have 32 tokens; valid: at most model.max_position_embeddings, 16",
            Assert.Throws<DataException>(() => run.Execute(RunMode.Train)).Message);
    }

    [Fact]
    public void Without_a_position_table_a_sequence_may_be_longer_than_it_would_have_been()
    {
        using TestRun run = new();
        ModelParameters model = run.Parameters.Model with { PositionEmbedding = PositionEmbedding.None, MaxPositionEmbeddings = 16 };
        run.Parameters = run.Parameters with { Model = model };

        Assert.Equal(8, run.Execute().LastStep);
    }

    [Fact]
    public void A_batch_that_its_micro_batches_do_not_divide_is_an_error()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Optimizer = run.Parameters.Optimizer! with { GradAccumSteps = 3 } };

        Assert.Equal(
            "params.yaml: optimizer.grad_accum_steps is 3; valid: a divisor of train_input.batch_size, 4",
            Assert.Throws<ConfigurationException>(() => run.Execute()).Message);
    }

    [Fact]
    public void A_run_without_any_limit_is_an_error()
    {
        using TestRun run = new();
        Assert.Contains(
            "max_steps", Assert.Throws<ConfigurationException>(() => run.With(config => config with { MaxSteps = null }).Execute()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Dump_masks_writes_each_mask_as_a_numpy_file()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = run.Parameters.Sparsity! with { DumpMasks = true } };
        string checkpoint = run.With(config => config with { MaxSteps = 1 }).Execute().CheckpointPath!;

        const string Name = "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight";
        byte[] file = File.ReadAllBytes(Path.Combine(run.Folder, $"{Name}.npy"));
        int header = 10 + BitConverter.ToUInt16(file, 8);
        Assert.Equal(12, Directory.GetFiles(run.Folder, "*.npy").Length);
        Assert.Equal(0, header % 64);
        Assert.StartsWith(
            "{'descr': '|b1', 'fortran_order': False, 'shape': (64, 32), }", Encoding.ASCII.GetString(file, 10, header - 10),
            StringComparison.Ordinal);
        Assert.Equal(TestRun.Tensor(checkpoint, Name).Select(weight => float.IsNaN(weight) ? 0 : 1), file[header..].Select(flag => (int)flag));
    }

    [Fact]
    public void Duplicates_of_a_tied_head_and_of_the_final_norm_in_a_checkpoint_are_ignored()
    {
        using TestRun run = new();
        string checkpoint = run.With(config => config with { MaxSteps = 1 }).Execute().CheckpointPath!;
        string copy = Path.Combine(run.Folder, "zoo.mdl");
        using (CheckpointReader reader = CheckpointReader.Open(checkpoint))
        {
            TensorWriter[] tensors =
            [
                .. reader.Names.Select(name => new TensorWriter(name, reader.Shape(name), values => reader.Read(name, values))),
                new TensorWriter("model.lm_head.weight", [256, 32], values => values.Clear()),
                new TensorWriter("model.transformer_decoder.norm.weight", [32], values => values.Clear()),
            ];
            MdlWriter.Write(copy, tensors, reader.State!);
        }

        run.With(config => config with { MaxSteps = 2, CheckpointPath = copy }).Execute();
        Assert.Equal([1, 2], run.Steps.Select(step => step.Step));
    }

    [Fact]
    public void A_seed_other_than_the_checkpoints_is_pointed_out()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 1 }).Execute();
        run.With(config => config with { MaxSteps = 2, Seed = 9 }).Execute();

        Assert.Contains(
            run.Logged,
            line => line.StartsWith("Warning:", StringComparison.Ordinal) && line.Contains("was written with seed 1", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_optimizer_than_the_checkpoints_starts_afresh_with_a_warning()
    {
        using TestRun run = new();
        run.With(config => config with { MaxSteps = 1 }).Execute();
        run.Parameters = run.Parameters with { Optimizer = run.Parameters.Optimizer! with { Kind = OptimizerKind.Sgd, Momentum = 0.9 } };
        run.With(config => config with { MaxSteps = 2 }).Execute();

        Assert.Contains(run.Logged, line => line.Contains("lacks 36 tensors of the optimizer's state", StringComparison.Ordinal));
    }

    [Fact]
    public void A_level_that_keeps_nothing_still_trains_what_is_left()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(0.99999) };
        run.Execute();

        Assert.All(run.Overview!.Plan.Weights, weight => Assert.Equal(0, weight.Kept));
        Assert.True(run.Steps[^1].Loss < run.Steps[0].Loss);
    }
}
