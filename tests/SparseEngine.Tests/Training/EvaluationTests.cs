using PureHDF;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Tests.Models;

namespace SparseEngine.Tests.Training;

public class EvaluationTests
{
    [Fact]
    public void Metrics_are_those_of_a_float64_model_over_all_tokens_that_count()
    {
        using TestRun run = new();
        RunConfig config = run.Parameters.RunConfig with { CheckpointPath = TestRun.Data("tiny-random75", "final.safetensors"), EvalSteps = 2 };
        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { FilterSize = 128 }, RunConfig = config };

        EvaluationMetrics metrics = run.Execute(RunMode.Eval).Evaluation!;

        (double loss, double accuracy, long tokens) = Expected(run.Parameters, config.CheckpointPath!, batches: 2);
        Assert.Equal(tokens, metrics.Tokens);
        Assert.Equal(loss, metrics.Loss, 1e-5);
        Assert.Equal(Math.Exp(loss), metrics.Perplexity!.Value, 1e-3);
        Assert.Equal(accuracy, metrics.Accuracy!.Value, 1e-12);
    }

    [Fact]
    public void Tokens_that_are_masked_count_for_nothing()
    {
        // Two batches of very different weight, a sample of none, and labels that would cost a high loss where they do not count.
        int[] counted = [32, 32, 32, 32, 1, 0, 20, 2];
        using TestRun run = new();
        using TemporaryDirectory data = new();
        WriteMasked(data.File("a.h5"), run.Parameters, counted);
        RunConfig config = run.Parameters.RunConfig with { CheckpointPath = TestRun.Data("tiny-random75", "final.safetensors"), EvalSteps = 2 };
        run.Parameters = run.Parameters with
        {
            EvalInput = run.Parameters.EvalInput! with { DataDirectories = [data.Path] },
            Model = run.Parameters.Model with { FilterSize = 128 },
            RunConfig = config,
        };

        EvaluationMetrics metrics = run.Execute(RunMode.Eval).Evaluation!;

        (double loss, double accuracy, long tokens) = Expected(run.Parameters, config.CheckpointPath!, batches: 2);
        Assert.Equal(counted.Sum(), tokens);
        Assert.Equal(tokens, metrics.Tokens);
        Assert.Equal(loss, metrics.Loss, 1e-5);
        Assert.Equal(Math.Exp(loss), metrics.Perplexity!.Value, 1e-3);
        Assert.Equal(accuracy, metrics.Accuracy!.Value, 1e-12);
    }

    [Theory]
    [InlineData(RunMode.TrainAndEval)]
    [InlineData(RunMode.Eval)]
    public void Further_data_are_evaluated_as_if_each_were_alone(RunMode mode)
    {
        using TestRun run = new();
        run.Execute(RunMode.Train);
        run.Parameters = run.Parameters with { RunConfig = run.Parameters.RunConfig with { CheckpointPath = run.CheckpointPath(8), MaxSteps = 8 } };
        InputParameters[] inputs = [.. new[] { 1, 2, 4 }.Select(size => run.Parameters.EvalInput! with { BatchSize = size })];

        RunParameters several = run.Parameters with { EvalInput = inputs[0], FurtherEvalInputs = [inputs[1], inputs[2]] };
        RunParameters[] alone = [.. inputs.Select(input => run.Parameters with { EvalInput = input })];

        RunSummary summary = Execute(several);
        Assert.Equal(["validate_0", "validate_1", "validate_2"], summary.FurtherEvaluations.Insert(0, summary.Evaluation!).Select(e => e.Dataloader));
        Assert.Equal(
            alone.Select(one => Execute(one).Evaluation! with { Seconds = null }),
            summary.FurtherEvaluations.Insert(0, summary.Evaluation!).Select(e => e with { Dataloader = null, Seconds = null }));

        RunSummary Execute(RunParameters parameters)
        {
            run.Parameters = parameters;
            return run.Execute(mode);
        }
    }

    [Fact]
    public void A_sparse_checkpoint_is_evaluated_as_it_is_with_or_without_a_sparsity_section()
    {
        using TestRun run = new();
        EvaluationMetrics trained = run.Execute(RunMode.TrainAndEval).Evaluation!;

        EvaluationMetrics with = run.Execute(RunMode.Eval).Evaluation!;
        run.Parameters = run.Parameters with { Sparsity = null };
        EvaluationMetrics without = run.Execute(RunMode.Eval).Evaluation!;
        run.Parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(0.99) };
        EvaluationMetrics other = run.Execute(RunMode.Eval).Evaluation!;

        Assert.Equal(trained, with);
        Assert.Equal(trained, without);
        Assert.Equal(trained, other);
    }

    [Fact]
    public void Eval_all_evaluates_every_checkpoint_in_the_order_of_steps()
    {
        using TestRun run = new();
        run.With(config => config with { CheckpointSteps = 3 }).Execute();
        RunSummary summary = run.Execute(RunMode.EvalAll);

        Assert.Equal([3, 6, 8], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(run.Evaluations[^1], summary.Evaluation);
        Assert.Equal(8 + 3, File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Count());
    }

    [Theory]
    [InlineData(6, new[] { 3, 8 })]
    [InlineData(8, new[] { 3, 6 })]
    public void Eval_all_passes_over_a_checkpoint_that_is_removed_meanwhile(int removed, int[] evaluated)
    {
        using TestRun run = new();
        run.With(config => config with { CheckpointSteps = 3 }).Execute();
        run.AfterEvaluation = () => File.Delete(run.CheckpointPath(removed));

        RunSummary summary = run.Execute(RunMode.EvalAll);

        Assert.Equal(evaluated, run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(run.Evaluations[^1], summary.Evaluation);
        Assert.Contains(
            run.Logged, line => line.Contains($"{run.CheckpointPath(removed)}: is gone since the evaluation began", StringComparison.Ordinal));
    }

    [Fact]
    public void Perplexity_and_accuracy_are_left_out_where_compute_eval_metrics_is_false()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Model = run.Parameters.Model with { ComputeEvalMetrics = false } };
        EvaluationMetrics metrics = run.Execute(RunMode.TrainAndEval).Evaluation!;

        Assert.Null(metrics.Perplexity);
        Assert.Null(metrics.Accuracy);
    }

    [Theory]
    [InlineData(RunMode.Eval)]
    [InlineData(RunMode.EvalAll)]
    public void A_model_directory_without_a_checkpoint_is_an_error(RunMode mode)
    {
        using TestRun run = new();
        Assert.StartsWith(
            $"{run.Folder}: holds no checkpoint_<step>.mdl to evaluate",
            Assert.Throws<TrainingException>(() => run.Execute(mode)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_all_takes_no_checkpoint_path()
    {
        using TestRun run = new();
        run.With(config => config with { CheckpointPath = "x.mdl" });
        Assert.Contains(
            "Checkpoint path cannot be provided with eval_all. Checkpoints inferred from model_dir",
            Assert.Throws<ConfigurationException>(() => run.Execute(RunMode.EvalAll)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Writes samples of the reference data of which only so many tokens count, now the first ones, now the last.</summary>
    private static void WriteMasked(string file, RunParameters parameters, int[] counted)
    {
        const int Sequence = 32;
        const int UnlikelyLabel = 255;
        using ISampleSource source = SampleSource.Open(parameters.EvalInput!, DataSplit.Validation, 256, parameters.File);
        int[] ids = new int[Sequence];
        int[] labels = new int[Sequence];
        int[,,] samples = new int[counted.Length, 3, Sequence];
        for (int sample = 0; sample < counted.Length; sample++)
        {
            source.Read(sample, ids, new int[Sequence], labels);
            for (int t = 0; t < Sequence; t++)
            {
                bool counts = sample % 2 == 0 ? t < counted[sample] : t >= Sequence - counted[sample];
                samples[sample, 0, t] = ids[t];
                samples[sample, 1, t] = counts ? 1 : 0;
                samples[sample, 2, t] = counts ? labels[t] : UnlikelyLabel;
            }
        }

        H5File hdf5 = new() { ["data"] = new H5Dataset(samples, chunks: [1, 3, Sequence]) };
        hdf5.Attributes["n_examples"] = counted.Length;
        hdf5.Write(file);
    }

    private static (double Loss, double Accuracy, long Tokens) Expected(RunParameters parameters, string checkpoint, int batches)
    {
        Dictionary<string, double[]> weights = GptArchitecture.Parameters(parameters.Model).ToDictionary(
            definition => definition.Name,
            definition => TestRun.Tensor(checkpoint, definition.Name).Select(value => float.IsNaN(value) ? 0.0 : value).ToArray());
        ReferenceGpt reference = new(parameters.Model, weights);
        using ISampleSource source = SampleSource.Open(parameters.EvalInput!, DataSplit.Validation, 256, parameters.File);
        int[] ids = new int[32];
        int[] mask = new int[32];
        int[] labels = new int[32];
        double loss = 0;
        int hits = 0;
        int tokens = 0;
        for (int sample = 0; sample < batches * parameters.EvalInput!.BatchSize; sample++)
        {
            source.Read(sample, ids, mask, labels);
            double[][] logits = reference.Logits(ids);
            for (int t = 0; t < ids.Length; t++)
            {
                if (mask[t] != 0)
                {
                    loss += Math.Log(logits[t].Sum(Math.Exp)) - logits[t][labels[t]];
                    hits += Array.IndexOf(logits[t], logits[t].Max()) == labels[t] ? 1 : 0;
                    tokens++;
                }
            }
        }

        return (loss / tokens, (double)hits / tokens, tokens);
    }
}
