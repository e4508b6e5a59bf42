using System.Runtime.InteropServices;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;

namespace SparseEngine.Tests.Training;

/// <summary>Runs whose learning rates and initial weights follow the density of each weight.</summary>
public sealed class SparseMupRunTests
{
    private const string Weight = "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight";

    private static readonly DynamicSparsity Pruning = new(
        SparsityAlgorithm.Gmp, new CyclingValue([0.25, 0.5, 0.75]), new PeriodicUpdates(2, 1), DynamicSparsity.DefaultDropFraction);

    [Fact]
    public void Every_linear_weight_is_drawn_wider_by_the_root_of_the_ratio_and_nothing_else_is()
    {
        using TestRun plain = Run(baseDensity: null);
        using TestRun scaled = Run(baseDensity: 1);
        plain.With(Initial).Execute();
        scaled.With(Initial).Execute();

        using CheckpointReader reader = CheckpointReader.Open(plain.CheckpointPath(0));
        foreach (string name in reader.Names)
        {
            float factor = plain.Overview!.Plan.Weights.Any(weight => weight.Name == name) ? 2 : 1;
            Assert.Equal(
                TestRun.Tensor(plain.CheckpointPath(0), name).Select(value => factor * value), TestRun.Tensor(scaled.CheckpointPath(0), name));
        }

        static RunConfig Initial(RunConfig config) => config with { SaveInitialCheckpoint = true, MaxSteps = 1 };
    }

    [Fact]
    public void A_base_of_the_same_density_is_the_run_without_one_bit_for_bit()
    {
        using TestRun plain = Run(baseDensity: null);
        using TestRun scaled = Run(baseDensity: 0.25);
        plain.Execute();
        scaled.Execute();

        AssertSameBits(plain.CheckpointPath(8), scaled.CheckpointPath(8));
    }

    [Fact]
    public void A_run_whose_density_changes_goes_on_bit_for_bit()
    {
        using TestRun unbroken = Run(baseDensity: 0.5, Pruning);
        unbroken.Execute();
        Assert.Equal([1, 3, 5, 7], unbroken.MaskUpdates.Select(update => update.Step));
        foreach (int step in new[] { 1, 2, 5 })
        {
            using TestRun broken = Run(baseDensity: 0.5, Pruning);
            broken.With(config => config with { MaxSteps = step }).Execute();
            broken.With(config => config with { MaxSteps = 8 }).Execute();

            AssertSameBits(unbroken.CheckpointPath(8), broken.CheckpointPath(8));
        }
    }

    /// <summary>The first update of AdamW moves a weight by about its learning rate, whatever its gradient.</summary>
    [Fact]
    public void The_first_update_after_a_mask_changed_moves_weights_by_the_rate_of_their_new_density()
    {
        using TestRun plain = Moving(baseDensity: null);
        using TestRun scaled = Moving(baseDensity: 1);
        plain.Execute();
        scaled.Execute();

        // Dense in the first step: both are one run. Then a quarter lives, and learns at four times the rate.
        Assert.Equal(TestRun.Tensor(plain.CheckpointPath(1), Weight), TestRun.Tensor(scaled.CheckpointPath(1), Weight));
        float[] before = TestRun.Tensor(plain.CheckpointPath(1), Weight);
        float[] slow = TestRun.Tensor(plain.CheckpointPath(2), Weight);
        float[] fast = TestRun.Tensor(scaled.CheckpointPath(2), Weight);
        (double Slow, double Fast)[] moves =
        [
            .. before.Zip(slow, fast).Where(values => !float.IsNaN(values.First))
                .Select(values => ((double)values.Second - values.First, (double)values.Third - values.First)),
        ];
        Assert.Equal(before.Length / 4, moves.Length);
        Assert.All(moves, move => Assert.Equal(4 * move.Slow, move.Fast, 1e-6));
        Assert.Contains(moves, move => Math.Abs(move.Slow) > 1e-4);

        static TestRun Moving(double? baseDensity) => Run(
            baseDensity, Pruning with { Level = new ConstantValue(0.75), Updates = new ListedUpdates([1]) })
            .With(config => config with { MaxSteps = 2, CheckpointSteps = 1 });
    }

    [Fact]
    public void The_log_tells_the_ratios()
    {
        using TestRun run = Run(baseDensity: 1);
        run.With(config => config with { MaxSteps = 1 }).Execute();
        Assert.Contains("Information: muP multiplies learning rates by 4 and initial deviations by 2 in 12 weights", run.Logged);
    }

    private static TestRun Run(double? baseDensity, DynamicSparsity? dynamic = null)
    {
        TestRun run = new();
        SparsityGroup group = new(null, 0.75, SparsityMethod.Random, 1234, "params.yaml:1:1") { MupBaseDensity = baseDensity, Dynamic = dynamic };
        run.Parameters = run.Parameters with { Sparsity = new() { Selection = SparsitySelection.Default, Groups = [group] } };
        return run;
    }

    private static void AssertSameBits(string expected, string actual)
    {
        using CheckpointReader reader = CheckpointReader.Open(expected);
        foreach (string name in reader.Names)
        {
            Assert.Equal(
                MemoryMarshal.Cast<float, int>(TestRun.Tensor(expected, name)).ToArray(),
                MemoryMarshal.Cast<float, int>(TestRun.Tensor(actual, name)).ToArray());
        }
    }
}
