using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using SparseEngine.Runs;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Accounting;

/// <summary>What a device is seen to execute, operation by operation, against what the metrics say that it executes.</summary>
public sealed class CountedFlopsTests
{
    [Theory]
    [InlineData(ProductMethod.Sparse, 0.75)]
    [InlineData(ProductMethod.Dense, 0.75)]
    [InlineData(ProductMethod.Fastest, 0.0)]
    [InlineData(ProductMethod.Fastest, 0.25)]
    [InlineData(ProductMethod.Fastest, 0.95)]
    public void The_operations_of_a_run_add_up_to_the_flops_of_its_metrics(ProductMethod method, double sparsity)
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(sparsity) };
        using HostDevice device = HostDevice.Create(2, method: method);
        Profile profile = new();
        device.Profile = profile;

        RunSummary summary = run.Execute(device);

        Assert.Equal(summary.FlopsExecuted, profile.Totals.Sum(total => total.Flops));
        Assert.InRange(summary.FlopsExecuted, method == ProductMethod.Dense ? summary.FlopsDense : 0, summary.FlopsDense);
    }

    [Fact]
    public void Grouped_keys_gates_and_windows_are_counted_as_they_are_executed()
    {
        using TestRun run = new();
        ModelParameters model = run.Parameters.Model with
        {
            PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(8), Norm = NormKind.RmsNorm, GatedFeedForward = true,
            Nonlinearity = Activation.Silu, KeyValueGroups = 2, SlidingWindow = 7, AttentionInnerSize = 40,
        };
        run.Parameters = run.Parameters with { Model = model };
        using HostDevice device = HostDevice.Create(2, method: ProductMethod.Sparse);
        Profile profile = new();
        device.Profile = profile;

        RunSummary summary = run.Execute(device);

        Assert.Equal(summary.FlopsExecuted, profile.Totals.Sum(total => total.Flops), 1e-9 * summary.FlopsExecuted);
    }

    [Fact]
    public void Products_of_one_method_go_on_from_the_others_checkpoint_and_give_the_same_losses_within_rounding()
    {
        using TestRun sparse = new();
        using TestRun dense = new();
        using HostDevice byNonZeros = HostDevice.Create(2, method: ProductMethod.Sparse);
        using HostDevice filled = HostDevice.Create(2, method: ProductMethod.Dense);

        sparse.Execute(byNonZeros);
        dense.With(config => config with { MaxSteps = 4 }).Execute(filled);
        dense.With(config => config with { MaxSteps = 8 }).Execute(byNonZeros);

        Assert.Equal(8, dense.Steps.Count);
        Assert.All(sparse.Steps.Zip(dense.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4));
    }
}
