using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Training;

/// <summary>
/// Whole runs against PyTorch's with masked weights, masks that move among them: 20 or 24 steps from the same weights on the same data, on the host,
/// on ILGPU's CPU accelerator, as PTX and on the GPUs that the machine has.
/// </summary>
public class ReferenceRunTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Cases() =>
        from device in new[] { "host", "host, 2 threads", "ilgpu-cpu", TestDevice.Ptx }.Concat(TestDevice.Gpus())
        from name in new[] { "tiny-dense", "tiny-random75", "tiny-topk-groups", "tiny-gmp", "tiny-set", "tiny-rigl", "tiny-llama" }

        // The accelerator of threads takes minutes for these; as PTX their kernels are checked more strictly, in seconds.
        where device != "ilgpu-cpu" || name is not ("tiny-topk-groups" or "tiny-rigl" or "tiny-llama")
        select new TheoryDataRow<string, string>(name, device).OnDevice(device);

    public static IEnumerable<TheoryDataRow<string, string>> Family() =>
        from device in new[] { "host", "ilgpu-cpu" }.Concat(TestDevice.Gpus())
        from name in new[] { "alibi-swiglu-mup", "rotary-geglu-mqa", "gptj", "gpt-neox", "mup-random75", "mup-gmp" }

        // The accelerator of threads is slow, and the first two have all of what it computes.
        where device != "ilgpu-cpu" || name is "alibi-swiglu-mup" or "rotary-geglu-mqa"
        select new TheoryDataRow<string, string>(name, device).OnDevice(device);

    /// <summary>Steps that tests/data/family/reference.py computes in float64: of dense models, and of the first of them under sparse muP.</summary>
    [Theory]
    [MemberData(nameof(Family))]
    public void A_member_of_the_family_has_pytorchs_losses_and_gradient_norms(string name, string deviceName)
    {
        using ComputeDevice device = TestDevice.Open(deviceName);
        using TestRun run = new();
        string folder = TestRun.Data("family", name);
        string initial = TestRun.Data("family", name.StartsWith("mup-", StringComparison.Ordinal) ? "alibi-swiglu-mup" : name, "initial.safetensors");
        run.Parameters = RunParametersReader.ReadFile(
            Path.Combine(folder, "params.yaml"), new RunConfigOverrides { ModelDirectory = run.Folder, CheckpointPath = initial }).Parameters;

        run.Execute(device);

        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        JsonElement[] steps = [.. expected.RootElement.GetProperty("steps").EnumerateArray()];
        Assert.Equal(15, run.Steps.Count);
        foreach ((JsonElement theirs, StepMetrics ours) in steps.Zip(run.Steps))
        {
            AssertRelative(theirs.GetProperty("loss").GetDouble(), ours.Loss, 1e-5, $"loss of step {ours.Step}");
            AssertRelative(theirs.GetProperty("grad_norm").GetDouble(), ours.GradNorm, 1e-4, $"gradient norm of step {ours.Step}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_reference_run_has_pytorchs_losses_gradient_norms_rates_and_final_weights(string name, string deviceName)
    {
        using ComputeDevice device = TestDevice.Open(deviceName);
        using TestRun run = new();
        run.Parameters = RunParametersReader.ReadFile(
            TestRun.Data(name, "params.yaml"),
            new RunConfigOverrides { ModelDirectory = run.Folder, CheckpointPath = TestRun.Data(name, "initial.safetensors") }).Parameters;

        RunSummary summary = run.Execute(device);

        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(TestRun.Data(name, "expected.json")));
        JsonElement[] steps = [.. expected.RootElement.GetProperty("steps").EnumerateArray()];
        Assert.InRange(steps.Length, 20, 24);
        Assert.Equal(steps.Length, run.Steps.Count);
        long kept = run.Overview!.NonZeros - (run.Overview.Parameters - run.Overview.Plan.Weights.Sum(weight => weight.Total));
        foreach ((JsonElement theirs, StepMetrics ours) in steps.Zip(run.Steps))
        {
            Assert.Equal(theirs.GetProperty("step").GetInt32(), ours.Step);
            AssertRelative(theirs.GetProperty("loss").GetDouble(), ours.Loss, 1e-4, $"loss of step {ours.Step}");
            AssertRelative(theirs.GetProperty("grad_norm").GetDouble(), ours.GradNorm, 1e-3, $"gradient norm of step {ours.Step}");
            Assert.Equal(theirs.GetProperty("lr").GetDouble(), ours.LearningRate, 1e-12);
            kept = run.MaskUpdates.SingleOrDefault(update => update.Step == ours.Step)?.Total.Alive ?? kept;
            if (theirs.TryGetProperty("kept", out JsonElement expectedKept))
            {
                Assert.Equal(expectedKept.GetInt64(), kept);
            }
        }

        CompareFinalWeights(TestRun.Data(name, "final.safetensors"), summary.CheckpointPath!);
    }

    private static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"{what}: {actual}, PyTorch {expected}");

    private static void CompareFinalWeights(string theirs, string ours)
    {
        using CheckpointReader reference = CheckpointReader.Open(theirs);
        foreach (string name in reference.Names)
        {
            float[] expected = TestRun.Tensor(theirs, name);
            float[] actual = TestRun.Tensor(ours, name);
            Assert.Equal(expected.Select(float.IsNaN), actual.Select(float.IsNaN));

            // The true gradient of a key bias is zero: softmax does not see it, so what AdamW moves it by is rounding alone.
            if (!name.EndsWith("proj_k_dense_layer.bias", StringComparison.Ordinal))
            {
                double difference = expected.Zip(actual).Where(pair => !float.IsNaN(pair.First)).Max(pair => Math.Abs(pair.First - pair.Second));
                Assert.True(difference <= 2e-3, $"{name} differs by {difference}");
            }
        }
    }
}
