using SparseEngine.Accounting;
using SparseEngine.Data;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Metrics;

public sealed class MetricsHistoryTests : IDisposable
{
    private readonly TemporaryDirectory folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_logged_is_read_back_to_the_bit()
    {
        StepMetrics[] steps = [Step(10, 1.0 / 3), Step(20, double.NaN), Step(30, double.PositiveInfinity)];
        EvaluationMetrics[] evaluations = [new(20, Math.PI, Math.Exp(Math.PI), 0.5, Tokens: 0, Seconds: 2.0 / 3), new(30, 2, null, null, Tokens: 0)];
        using (MetricsLog log = MetricsLog.Open(folder.Path, resumeStep: 0))
        {
            log.Write(steps[0]);
            log.Write(steps[1]);
            log.Write(evaluations[0]);
            log.Write(steps[2]);
            log.Write(evaluations[1]);
        }

        MetricsHistory history = MetricsHistory.Read(folder.Path);

        Assert.Equal(steps, history.Steps);
        Assert.Equal(evaluations, history.Evaluations);
    }

    [Fact]
    public void Of_several_validation_data_the_first_count()
    {
        EvaluationMetrics first = new(20, 2, 7, 0.5, Tokens: 0, Seconds: 1, Dataloader: "validate_0");
        using (MetricsLog log = MetricsLog.Open(folder.Path, resumeStep: 0))
        {
            log.Write(Step(20, 3));
            log.Write(first);
            log.Write(first with { Loss = 9, Dataloader = "validate_1" });
        }

        Assert.Equal(
            """{"step":20,"dataloader":"validate_1","eval_loss":9,"eval_perplexity":7,"eval_accuracy":0.5,"seconds":1}""",
            File.ReadLines(MetricsLog.PathIn(folder.Path)).Last());
        Assert.Equal([first with { Dataloader = null }], MetricsHistory.Read(folder.Path).Evaluations);
    }

    [Fact]
    public void Updates_of_masks_are_read_back_to_the_element()
    {
        MaskUpdateMetrics[] updates =
        [
            new(2, [new("a", 3_000_001, 1_000_003, 7, 9, 2_000_001), new("b", 7, 0, 0, 7, 7)]) { DenseGradientFlops = 1e15 / 3 },
            new(4, [new("b", 7, 7, 7, 0, 7)]),
            new(6, []),
        ];
        using (MetricsLog log = MetricsLog.Open(folder.Path, resumeStep: 0))
        {
            log.Write(updates[0] with { Weights = [] });
            log.Write(updates[0]);
            log.Write(Step(2, 1));
            log.Write(updates[1]);
            log.Write(updates[2]);
        }

        MetricsHistory history = MetricsHistory.Read(folder.Path);

        Assert.Equal([2, 4, 6], history.MaskUpdates.Select(update => update.Step));
        Assert.All(updates.Zip(history.MaskUpdates), pair => Assert.Equal(pair.First.Weights, pair.Second.Weights));
        Assert.Equal([1e15 / 3, 0, 0], history.MaskUpdates.Select(update => update.DenseGradientFlops));
        Assert.Equal(new WeightMaskMetrics("total", 3_000_008, 1_000_003, 7, 16, 2_000_008), history.MaskUpdates[0].Total);
        Assert.Single(history.Steps);
    }

    [Fact]
    public void Steps_between_logged_ones_count_as_the_next_logged_one()
    {
        MetricsHistory history = new([Step(10, 1), Step(20, 1) with { FlopsExecuted = 70 }, Step(21, 1)], []);

        Assert.Equal([new FlopCount(1000, 250), new FlopCount(2000, 950), new FlopCount(2100, 975)], history.FlopsSoFar());
    }

    [Fact]
    public void Dense_gradients_count_at_the_updates_that_needed_them_whatever_steps_are_logged()
    {
        // Updates after 10, 15, 20 and 21, of which those after 10, 20 and 21 are logged steps: what they executed is 25 and the gradients.
        MetricsHistory history = new(
            [Step(10, 1) with { FlopsExecuted = 32 }, Step(20, 1) with { FlopsExecuted = 32 }, Step(21, 1) with { FlopsExecuted = 34 }], [])
        {
            MaskUpdates = [Update(10, 7), Update(15, 8), Update(20, 7), Update(21, 9), Update(25, 7)],
        };

        Assert.Equal([257, 522, 556], history.FlopsSoFar().Select(flops => flops.Executed));

        static MaskUpdateMetrics Update(int step, double flops) => new(step, []) { DenseGradientFlops = flops };
    }

    [Fact]
    public void Lines_of_older_versions_are_read_and_their_time_is_counted_from_the_length_of_their_steps()
    {
        const string Old = """{"step":STEP,"loss":3,"learning_rate":0.1,"grad_norm":1,"tokens":64,"step_ms":"""
            + """500,"tokens_per_second":128,"flops_dense":9,"flops_executed":3}""";
        File.WriteAllText(
            MetricsLog.PathIn(folder.Path),
            $"{Old.Replace("STEP", "10", StringComparison.Ordinal)}\n{{\"step\":10,\"eval_loss\":3}}\n"
            + $"{Old.Replace("STEP", "12", StringComparison.Ordinal)}\n");

        MetricsHistory history = MetricsHistory.Read(folder.Path);

        Assert.All(history.Steps, step => Assert.Null(step.Seconds));
        Assert.Null(Assert.Single(history.Evaluations).Seconds);
        Assert.Equal([5, 6], history.SecondsSoFar());
        Assert.Equal([5, 6, 7], (history with { Steps = history.Steps.Add(Step(13, 2) with { Seconds = 7 }) }).SecondsSoFar());
    }

    [Fact]
    public void A_last_line_that_is_being_written_is_left_out_and_a_step_done_again_counts_once()
    {
        using (MetricsLog log = MetricsLog.Open(folder.Path, resumeStep: 0))
        {
            log.Write(Step(1, 5));
            log.Write(Step(2, 4));
            log.Write(Step(2, 3));
        }

        File.AppendAllText(MetricsLog.PathIn(folder.Path), "{\"step\":3,\"lo");

        Assert.Equal([5, 3], MetricsHistory.Read(folder.Path).Steps.Select(step => step.Loss));
    }

    [Theory]
    [InlineData("{\"step\":1,\"loss\":2}")]
    [InlineData("[1]")]
    [InlineData("{\"step\":1,\"masks\":{\"a\":{\"sparsity\":1}}}")]
    [InlineData("{\"step\":1,\"masks\":[]}")]
    [InlineData("{\"step\":\"one\",\"eval_loss\":2}")]
    [InlineData("{\"step\":1,\"eval_loss\":\"much\"}")]
    [InlineData("")]
    public void A_line_that_no_run_writes_is_named(string line)
    {
        File.WriteAllText(MetricsLog.PathIn(folder.Path), $"{{\"step\":1,\"eval_loss\":2}}\n{line}\n");

        DataException error = Assert.Throws<DataException>(() => MetricsHistory.Read(folder.Path));

        Assert.Equal($"{MetricsLog.PathIn(folder.Path)}:2: is no line of metrics; valid: what a run writes", error.Message);
    }

    [Fact]
    public void A_folder_of_no_run_is_refused()
    {
        DataException error = Assert.Throws<DataException>(() => MetricsHistory.Read(folder.Path));

        Assert.Equal($"{folder.Path}: has no metrics.jsonl; valid: the model_dir of a run", error.Message);
    }

    private static StepMetrics Step(int step, double loss) => new(step, loss, 1e-3, 0.1, 64, 1.5, step / 3.0, 1e5 / 3, 100, 25);
}
