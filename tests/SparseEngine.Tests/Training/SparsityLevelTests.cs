using System.Text.RegularExpressions;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Training;

/// <summary>
/// A run that goes on at another level of sparsity: weights and moments that stay are untouched, those that go are NaN,
/// those that come back start at zero. The third step has a learning rate of 0, so that the weights it writes are those it read.
/// </summary>
public class SparsityLevelTests
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.98;
    private const string FeedForward = "model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight";
    private const string Query = "model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight";

    [Theory]
    [InlineData(SparsityMethod.Random, 0.5, 0.75)]
    [InlineData(SparsityMethod.TopK, 0.5, 0.75)]
    [InlineData(SparsityMethod.Random, 0.75, 0.5)]
    [InlineData(SparsityMethod.TopK, 0.75, 0.5)]
    [InlineData(SparsityMethod.Random, 0.75, 0.75)]
    [InlineData(SparsityMethod.TopK, 0.75, 0.75)]
    [InlineData(SparsityMethod.Random, null, 0.75)]
    [InlineData(SparsityMethod.TopK, null, 0.75)]
    [InlineData(SparsityMethod.Random, 0.75, 0.0)]
    [InlineData(SparsityMethod.TopK, 0.75, 0.0)]
    public void A_run_goes_on_at_the_level_it_is_given(SparsityMethod method, double? first, double second)
    {
        using TestRun run = new();
        Execute(run, 2, 0.003, first is { } level ? Uniform(method, level, seed: 7) : null);
        SparsityParameters changed = Uniform(method, second, seed: 99);
        Execute(run, 3, 0, changed);

        AssertCarriedOver(run, changed, FeedForward);
        AssertCarriedOver(run, changed, Query);
    }

    [Fact]
    public void Each_group_goes_on_at_its_own_level()
    {
        using TestRun run = new();
        Execute(run, 2, 0.003, Grouped(("ffn", 0.5), ("self_attn.*weight", 0.75)));
        SparsityParameters changed = Grouped(("ffn", 0.75), ("self_attn.*weight", 0.25));
        Execute(run, 3, 0, changed);

        AssertCarriedOver(run, changed, FeedForward);
        AssertCarriedOver(run, changed, Query);
        Assert.Equal(64 * 32 * 3 / 4, TestRun.Tensor(run.CheckpointPath(3), FeedForward).Count(float.IsNaN));
        Assert.Equal(32 * 32 / 4, TestRun.Tensor(run.CheckpointPath(3), Query).Count(float.IsNaN));
    }

    [Fact]
    public void A_higher_level_drops_the_smallest_of_the_trained_weights()
    {
        using TestRun run = new();
        Execute(run, 2, 0.003, null);
        float[] trained = TestRun.Tensor(run.CheckpointPath(2), FeedForward);
        Execute(run, 3, 0, Uniform(SparsityMethod.TopK, 0.9, seed: 1));
        float[] pruned = TestRun.Tensor(run.CheckpointPath(3), FeedForward);

        float smallestKept = pruned.Where(float.IsFinite).Min(MathF.Abs);
        float largestDropped = trained.Where((_, i) => float.IsNaN(pruned[i])).Max(MathF.Abs);
        Assert.True(smallestKept >= largestDropped, $"kept {smallestKept}, dropped {largestDropped}");
    }

    /// <summary>
    /// A level applied by sparsify and then trained at is the level changed in the run; a .safetensors carries the moments and the step too.
    /// </summary>
    [Theory]
    [InlineData(0.75, "mdl")]
    [InlineData(0.75, "safetensors")]
    [InlineData(0.9, "safetensors")]
    [InlineData(0.25, "safetensors")]
    public void A_sparsified_checkpoint_goes_on_as_the_run_itself_would(double level, string format)
    {
        using TestRun run = new();
        SparsityParameters changed = Uniform(SparsityMethod.TopK, level, seed: 3);
        run.Parameters = run.Parameters with { Sparsity = Uniform(SparsityMethod.TopK, 0.75, seed: 3) };
        run.With(config => config with { MaxSteps = 3 }).Execute();
        string sparsified = Path.Combine(run.Folder, $"sparsified.{format}");
        using (CheckpointReader reader = CheckpointReader.Open(run.CheckpointPath(3)))
        {
            CheckpointSparsifier.Create(reader, changed)
                .Write(CheckpointOutput.For(sparsified, run.CheckpointPath(3), overwrite: false), TestContext.Current.CancellationToken);
        }

        using TestRun other = new();
        other.Parameters = other.Parameters with { Sparsity = changed };
        other.With(config => config with { CheckpointPath = sparsified }).Execute();
        run.Parameters = run.Parameters with { Sparsity = changed };
        run.With(config => config with { MaxSteps = 8 }).Execute();

        Assert.Equal([4, 5, 6, 7, 8], other.Steps.Select(step => step.Step));
        Assert.Equal(run.Steps.Skip(3).Select(step => step.Loss), other.Steps.Select(step => step.Loss));
        Assert.Equal(run.Steps.Skip(3).Select(step => step.GradNorm), other.Steps.Select(step => step.GradNorm));
    }

    private static void Execute(TestRun run, int steps, double learningRate, SparsityParameters? sparsity)
    {
        OptimizerParameters optimizer = new()
        {
            Kind = OptimizerKind.AdamW, LearningRate = new LearningRateParameters([new ConstantScheduler(learningRate, null)], false),
            Beta1 = Beta1, Beta2 = Beta2, MaxGradientNorm = null,
        };
        run.Parameters = run.Parameters with { Sparsity = sparsity, Optimizer = optimizer };
        run.With(config => config with { MaxSteps = steps }).Execute();
    }

    private static SparsityParameters Uniform(SparsityMethod method, double level, long seed) =>
        new() { Selection = SparsitySelection.Default, Groups = [new SparsityGroup(null, level, method, seed, "params.yaml:1:1")] };

    private static SparsityParameters Grouped(params (string Pattern, double Level)[] groups) => new()
    {
        Selection = SparsitySelection.Patterns,
        Groups = [.. groups.Select(group => new SparsityGroup(new Regex(group.Pattern), group.Level, SparsityMethod.TopK, 5, "params.yaml:1:1"))],
    };

    private static void AssertCarriedOver(TestRun run, SparsityParameters sparsity, string name)
    {
        float[] before = TestRun.Tensor(run.CheckpointPath(2), name);
        float[] after = TestRun.Tensor(run.CheckpointPath(3), name);
        bool[] keep = Mask(run, sparsity, name, before);
        Assert.Equal(keep.Select((kept, i) => !kept ? float.NaN : float.IsNaN(before[i]) ? 0 : before[i]), after);

        (float[] mBefore, float[] vBefore) = Moments(run.CheckpointPath(2), name);
        (float[] mAfter, float[] vAfter) = Moments(run.CheckpointPath(3), name);
        for (int i = 0; i < keep.Length; i++)
        {
            Assert.Equal(!keep[i], float.IsNaN(mAfter[i]));
            Assert.Equal(!keep[i], float.IsNaN(vAfter[i]));
            if (keep[i])
            {
                // Both moments saw the same gradient, on top of what they were: their old values, or zero where regrown.
                double m = float.IsNaN(mBefore[i]) ? 0 : mBefore[i];
                double v = float.IsNaN(vBefore[i]) ? 0 : vBefore[i];
                double gradient = (mAfter[i] - (Beta1 * m)) / (1 - Beta1);
                double expected = (Beta2 * v) + ((1 - Beta2) * gradient * gradient);
                Assert.Equal(expected, vAfter[i], 1e-4 * (expected + (m * m)) + 1e-12);
            }
        }
    }

    private static bool[] Mask(TestRun run, SparsityParameters sparsity, string name, float[] weight)
    {
        using CheckpointReader reader = CheckpointReader.Open(run.CheckpointPath(2));
        NamedShape[] parameters =
        [
            .. reader.Names.Where(tensor => !tensor.StartsWith("optimizer.", StringComparison.Ordinal))
                .Select(tensor => new NamedShape(tensor, reader.Shape(tensor))),
        ];
        WeightSparsity settings = SparsityPlan.Create(sparsity, parameters).Weights.Single(planned => planned.Name == name);
        return MaskSelector.Select(settings, weight).Keep;
    }

    private static (float[] First, float[] Second) Moments(string checkpoint, string name) =>
        (TestRun.Tensor(checkpoint, $"optimizer.state.{name}.exp_avg"), TestRun.Tensor(checkpoint, $"optimizer.state.{name}.exp_avg_sq"));
}
