using System.Text.Json;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Metrics;

public sealed class MetricsLogTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_line_is_one_object_with_the_documented_keys()
    {
        using (MetricsLog log = MetricsLog.Open(directory.File("run"), 0))
        {
            log.Write(new StepMetrics(1, 1.0 / 3, 1e-4, 2.5, 4096, 12.5, 0.25, 327680, 4e9, 1e9));
            log.Write(new EvaluationMetrics(1, 2.25, Math.Exp(2.25), 0.5, 1000, Seconds: 0.25));
            log.Write(new EvaluationMetrics(2, 2, null, null, 1000));
        }

        string[] lines = File.ReadAllLines(MetricsLog.PathIn(directory.File("run")));
        Assert.Equal(
            """{"step":1,"loss":0.3333333333333333,"learning_rate":0.0001,"grad_norm":2.5,"tokens":4096,"step_ms":12.5,"seconds":"""
            + """0.25,"tokens_per_second":327680,"flops_dense":4000000000,"flops_executed":1000000000}""",
            lines[0]);
        Assert.Equal(["step", "eval_loss", "eval_perplexity", "eval_accuracy", "seconds"], Keys(lines[1]));
        Assert.Equal(["step", "eval_loss"], Keys(lines[2]));
        Assert.Equal(1.0 / 3, JsonDocument.Parse(lines[0]).RootElement.GetProperty("loss").GetDouble());
    }

    [Fact]
    public void A_number_that_is_not_finite_is_its_name()
    {
        using (MetricsLog log = MetricsLog.Open(directory.Path, 0))
        {
            log.Write(new EvaluationMetrics(1, double.NaN, double.PositiveInfinity, null, 1));
        }

        Assert.Equal("""{"step":1,"eval_loss":"NaN","eval_perplexity":"Infinity"}""", File.ReadAllLines(MetricsLog.PathIn(directory.Path)).Single());
    }

    [Fact]
    public void Resuming_drops_later_steps_and_a_line_cut_short()
    {
        File.WriteAllText(
            MetricsLog.PathIn(directory.Path),
            "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n{\"step\":2,\"eval_loss\":2}\n{\"step\":3,\"loss\":1}\n{\"step\":4,\"lo");
        using (MetricsLog log = MetricsLog.Open(directory.Path, resumeStep: 2))
        {
            log.Write(new EvaluationMetrics(3, 1.5, null, null, 1));
        }

        Assert.Equal(
            ["{\"step\":1,\"loss\":3}", "{\"step\":2,\"loss\":2}", "{\"step\":2,\"eval_loss\":2}", "{\"step\":3,\"eval_loss\":1.5}"],
            File.ReadAllLines(MetricsLog.PathIn(directory.Path)));
    }

    [Fact]
    public void A_whole_last_line_without_its_line_feed_stays_a_line_of_its_own()
    {
        File.WriteAllText(MetricsLog.PathIn(directory.Path), "{\"step\":1,\"loss\":3}");
        using (MetricsLog log = MetricsLog.Open(directory.Path, resumeStep: 1))
        {
            log.Write(new EvaluationMetrics(2, 1.5, null, null, 1));
        }

        Assert.Equal(["{\"step\":1,\"loss\":3}", "{\"step\":2,\"eval_loss\":1.5}"], File.ReadAllLines(MetricsLog.PathIn(directory.Path)));
    }

    private static IEnumerable<string> Keys(string line) => JsonDocument.Parse(line).RootElement.EnumerateObject().Select(property => property.Name);
}
