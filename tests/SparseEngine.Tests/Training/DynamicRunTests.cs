using System.Runtime.InteropServices;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Training;

/// <summary>Runs whose masks move.</summary>
public class DynamicRunTests
{
    private const string Name = "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight";

    private static readonly HyperparameterSchedule Rising = new CyclingValue([0.5, 0.6, 0.7, 0.8, 0.9]);

    public static TheoryData<SparsityAlgorithm, SparsityMethod, int> Cases() => new()
    {
        { SparsityAlgorithm.Gmp, SparsityMethod.TopK, 0 },
        { SparsityAlgorithm.Set, SparsityMethod.Random, 0 },
        { SparsityAlgorithm.RigL, SparsityMethod.Random, 0 },
        { SparsityAlgorithm.RigL, SparsityMethod.Checkerboard, 0 },
        { SparsityAlgorithm.RigL, SparsityMethod.TopK, 3 },
        { SparsityAlgorithm.Gmp, SparsityMethod.TopK, 3 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_that_goes_on_after_any_step_is_the_unbroken_one_bit_for_bit(SparsityAlgorithm algorithm, SparsityMethod method, int start)
    {
        DynamicSparsity dynamic = new(algorithm, Rising, new PeriodicUpdates(2, start), new CosineValue(0.4, 8));
        using TestRun unbroken = Run(dynamic, method);
        unbroken.Execute();
        Assert.Equal(start == 0 ? [2, 4, 6, 8] : [3, 5, 7], unbroken.MaskUpdates.Select(update => update.Step));
        for (int step = 1; step < 8; step++)
        {
            using TestRun broken = Run(dynamic, method);
            broken.With(config => config with { MaxSteps = step }).Execute();
            broken.With(config => config with { MaxSteps = 8 }).Execute();

            Assert.Equal(step, broken.Overview!.StepsDone);
            Assert.Equal(unbroken.Steps.Select(Figures), broken.Steps.Select(Figures));
            Assert.Equal(unbroken.MaskUpdates.SelectMany(update => update.Weights), broken.MaskUpdates.SelectMany(update => update.Weights));
            AssertSameBits(unbroken.CheckpointPath(8), broken.CheckpointPath(8));
        }
    }

    /// <summary>With more threads than weights these go one by one.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    public void Threads_change_no_bit(int threads)
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.RigL, new ConstantValue(0.8), new PeriodicUpdates(2), new ConstantValue(0.3));
        using TestRun one = Run(dynamic);
        using TestRun many = Run(dynamic);

        one.Execute();
        many.Execute(threads: threads);

        AssertSameBits(one.CheckpointPath(8), many.CheckpointPath(8));
    }

    [Fact]
    public void A_seed_that_was_drawn_goes_on_with_the_run()
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.Set, new ConstantValue(0.8), new PeriodicUpdates(2), new ConstantValue(0.5));
        using TestRun run = Run(dynamic, seed: null);
        run.With(config => config with { MaxSteps = 5, CheckpointSteps = 3 }).Execute();
        (int, double, double, double)[] unbroken = [.. run.Steps.Select(Figures)];
        File.Delete(run.CheckpointPath(5));
        run.Execute();

        Assert.Equal(unbroken.Skip(3), run.Steps.Skip(5).Select(Figures));
    }

    [Theory]
    [InlineData(SparsityAlgorithm.Gmp)]
    [InlineData(SparsityAlgorithm.Set)]
    [InlineData(SparsityAlgorithm.RigL)]
    public void After_every_update_of_any_sequence_of_levels_the_count_is_right_and_nothing_dead_has_moments(SparsityAlgorithm algorithm)
    {
        double[] levels = [0.3, 0.9, 0, 0.5, 1, 0.75, 0.75, 0.2];
        DynamicSparsity dynamic = new(algorithm, new CyclingValue([.. levels]), new PeriodicUpdates(1), new ConstantValue(0.3));
        using TestRun run = Run(dynamic);
        run.With(config => config with { CheckpointSteps = 1 }).Execute();

        for (int step = 1; step <= 8; step++)
        {
            float[] weight = TestRun.Tensor(run.CheckpointPath(step), Name);
            int alive = weight.Length - (int)Math.Round(levels[step % levels.Length] * weight.Length, MidpointRounding.ToEven);
            Assert.Equal(alive, weight.Count(value => !float.IsNaN(value)));
            Assert.Equal(alive, run.MaskUpdates[step - 1].Weights.Single(mask => mask.Name == Name).Alive);
            foreach (string state in new[] { "exp_avg", "exp_avg_sq" })
            {
                float[] moments = TestRun.Tensor(run.CheckpointPath(step), $"optimizer.state.{Name}.{state}");
                Assert.Equal(weight.Select(float.IsNaN), moments.Select(float.IsNaN));
            }
        }
    }

    [Fact]
    public void What_grows_starts_at_zero_and_what_stays_keeps_its_bits()
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.Set, new ConstantValue(0.75), new ListedUpdates([0, 4]), new ConstantValue(0.3));
        using TestRun run = Run(dynamic);
        run.With(config => config with { MaxSteps = 4 }).Execute();
        using TestRun without = Run(dynamic with { Updates = new ListedUpdates([0, 5]) });
        without.With(config => config with { MaxSteps = 4 }).Execute();

        float[] before = TestRun.Tensor(without.CheckpointPath(4), Name);
        float[] after = TestRun.Tensor(run.CheckpointPath(4), Name);
        WeightMaskMetrics mask = Assert.Single(run.MaskUpdates).Weights.Single(weight => weight.Name == Name);
        (float Before, float After)[] pairs = [.. before.Zip(after)];
        Assert.Equal(mask.Grown, pairs.Count(pair => float.IsNaN(pair.Before) && !float.IsNaN(pair.After)));
        Assert.Equal(mask.Dropped, pairs.Count(pair => !float.IsNaN(pair.Before) && float.IsNaN(pair.After)));
        Assert.True(mask.Grown > 0);
        Assert.Equal(mask.Alive + mask.Grown, mask.EverAlive);
        Assert.All(pairs.Where(pair => float.IsNaN(pair.Before) && !float.IsNaN(pair.After)), pair => Assert.Equal(0, pair.After));
        Assert.All(pairs.Where(pair => !float.IsNaN(pair.Before) && !float.IsNaN(pair.After)), pair => Assert.Equal(pair.Before, pair.After));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Balanced_groups_stay_equal(bool ofInputs)
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.RigL, new ConstantValue(0.75), new PeriodicUpdates(2), new ConstantValue(0.3));
        using TestRun run = Run(dynamic, balance: new SparsityBalance(ofInputs, 4));
        run.Execute();

        float[] weight = TestRun.Tensor(run.CheckpointPath(8), Name);
        const int rows = 64;
        int columns = weight.Length / rows;
        int[] alive = new int[4];
        for (int i = 0; i < weight.Length; i++)
        {
            alive[ofInputs ? i % columns * 4 / columns : i / columns * 4 / rows] += float.IsNaN(weight[i]) ? 0 : 1;
        }

        Assert.Equal(Enumerable.Repeat(weight.Length / 16, 4), alive);
    }

    [Fact]
    public void A_dense_checkpoint_starts_a_run_whose_masks_move()
    {
        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = null };
        run.With(config => config with { MaxSteps = 3 }).Execute();
        DynamicSparsity dynamic = new(SparsityAlgorithm.RigL, new ConstantValue(0.75), new PeriodicUpdates(2), new ConstantValue(0.3));
        run.Parameters = run.Parameters with { Sparsity = Sparsity(dynamic, SparsityMethod.TopK, 7, null) };
        run.With(config => config with { MaxSteps = 8 }).Execute();

        float[] dense = TestRun.Tensor(run.CheckpointPath(3), Name);
        Assert.DoesNotContain(dense, float.IsNaN);
        Assert.Equal([4, 6, 8], run.MaskUpdates.Select(update => update.Step));
        Assert.Equal(dense.Length / 4, TestRun.Tensor(run.CheckpointPath(8), Name).Count(value => !float.IsNaN(value)));
    }

    [Fact]
    public void Zeros_of_the_start_stay_zeros_until_the_first_update()
    {
        using TestRun first = new();
        first.With(config => config with { MaxSteps = 2 }).Execute();
        float[] half = TestRun.Tensor(first.CheckpointPath(2), Name);
        string zeros = Path.Combine(first.Folder, "zeros.safetensors");
        using (CheckpointReader reader = CheckpointReader.Open(first.CheckpointPath(2)))
        {
            CheckpointOutput output = CheckpointOutput.For(zeros, first.CheckpointPath(2), overwrite: false);
            CheckpointFinalizer.Write(reader, output, TestContext.Current.CancellationToken);
        }

        using TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = Sparsity(null, SparsityMethod.FromZeros, 7, null, level: 0.1) };
        run.With(config => config with { CheckpointPath = zeros, IsPretrainedCheckpoint = true, MaxSteps = 3, CheckpointSteps = 1 }).Execute();
        run.With(config => config with { CheckpointPath = null, MaxSteps = 5 }).Execute();

        Assert.Equal(half.Select(float.IsNaN), TestRun.Tensor(run.CheckpointPath(1), Name).Select(float.IsNaN));
        Assert.Equal(half.Select(float.IsNaN), TestRun.Tensor(run.CheckpointPath(5), Name).Select(float.IsNaN));
    }

    [Fact]
    public void A_step_that_updates_by_gradients_counts_the_dense_ones()
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.RigL, new ConstantValue(0.75), new PeriodicUpdates(4), new ConstantValue(0.3));
        using TestRun run = Run(dynamic);
        run.Execute();

        double dead = run.Overview!.Plan.Weights.Sum(weight => weight.Total - weight.Kept);
        const double tokens = 4 * 32;
        double[] executed = [.. run.Steps.Select(step => step.FlopsExecuted)];
        Assert.All(executed.Where((_, index) => (index + 1) % 4 != 0), flops => Assert.Equal(executed[0], flops));
        Assert.Equal(executed[0] + (2 * tokens * dead), executed[3]);
        Assert.Equal(executed[3], executed[7]);
    }

    private static TestRun Run(
        DynamicSparsity dynamic, SparsityMethod method = SparsityMethod.Random, long? seed = 7, SparsityBalance? balance = null)
    {
        TestRun run = new();
        run.Parameters = run.Parameters with { Sparsity = Sparsity(dynamic, method, seed, balance) };
        return run;
    }

    private static SparsityParameters Sparsity(
        DynamicSparsity? dynamic, SparsityMethod method, long? seed, SparsityBalance? balance, double level = 0.75) => new()
        {
            Selection = SparsitySelection.Default,
            Groups = [new SparsityGroup(null, level, method, seed, "params.yaml:1:1") { Dynamic = dynamic, Balance = balance }],
        };

    private static (int Step, double Loss, double Norm, double Flops) Figures(StepMetrics step) =>
        (step.Step, step.Loss, step.GradNorm, step.FlopsExecuted);

    private static void AssertSameBits(string expected, string actual)
    {
        using CheckpointReader reader = CheckpointReader.Open(expected);
        Assert.All(reader.Names, name => Assert.True(
            MemoryMarshal.AsBytes<float>(TestRun.Tensor(expected, name)).SequenceEqual(MemoryMarshal.AsBytes<float>(TestRun.Tensor(actual, name))),
            name));
    }
}
