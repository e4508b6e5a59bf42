using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Training;

/// <summary>Runs whose masks are drawn in blocks of four rows.</summary>
public sealed class BlockRowsRunTests
{
    private const int Rows = 4;
    private const double Level = 0.75;
    private const string FeedForward = "model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight";
    private const string Query = "model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight";

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void A_resumed_run_has_the_losses_and_weights_of_an_unbroken_one(SparsityMethod method)
    {
        using TestRun unbroken = InBlocks(method);
        using TestRun broken = InBlocks(method);
        unbroken.Execute();
        broken.With(config => config with { MaxSteps = 3 }).Execute();
        broken.With(config => config with { MaxSteps = 8 }).Execute();

        Assert.Equal(3, broken.Overview!.StepsDone);
        Assert.Equal(Measured(unbroken), Measured(broken));
        AssertSame(unbroken.CheckpointPath(8), broken.CheckpointPath(8));
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void A_checkpoint_has_NaN_in_whole_blocks_as_many_as_the_plan_says(SparsityMethod method)
    {
        using TestRun run = InBlocks(method);
        run.With(config => config with { MaxSteps = 2 }).Execute();

        Assert.NotEmpty(run.Overview!.Plan.Weights);
        foreach (WeightSparsity weight in run.Overview.Plan.Weights)
        {
            bool[] keep = [.. TestRun.Tensor(run.CheckpointPath(2), weight.Name).Select(float.IsFinite)];
            Assert.Equal(weight.Total / 4, weight.Kept);
            Assert.Equal(weight.Kept, keep.Count(kept => kept));
            Assert.All(
                keep.Chunk(weight.Columns * Rows),
                block => Assert.All(block.Chunk(weight.Columns), row => Assert.Equal(block[..weight.Columns], row)));
        }
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void Sparsify_gives_a_dense_checkpoint_the_masks_of_the_run(SparsityMethod method)
    {
        using TestRun run = InBlocks(method);
        run.With(config => config with { SaveInitialCheckpoint = true, MaxSteps = 1 }).Execute();
        string sparsified = Sparsify(run, step: 0);

        foreach (WeightSparsity weight in run.Overview!.Plan.Weights)
        {
            Assert.Equal(
                TestRun.Tensor(run.CheckpointPath(1), weight.Name).Select(float.IsNaN), TestRun.Tensor(sparsified, weight.Name).Select(float.IsNaN));
        }
    }

    [Fact]
    public void Sparsify_leaves_a_checkpoint_of_the_run_as_it_is()
    {
        using TestRun run = InBlocks(SparsityMethod.TopK);
        run.With(config => config with { MaxSteps = 2 }).Execute();

        AssertSame(run.CheckpointPath(2), Sparsify(run, step: 2));
    }

    [Fact]
    public void A_run_goes_on_in_blocks_from_weights_that_have_other_zeros()
    {
        using TestRun run = InBlocks(SparsityMethod.TopK);
        SparsityParameters blocks = run.Parameters.Sparsity!;
        run.Parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(Level) };
        run.With(config => config with { MaxSteps = 2 }).Execute();
        run.Parameters = run.Parameters with { Sparsity = blocks };
        run.With(config => config with { MaxSteps = 3 }).Execute();

        foreach (string name in (string[])[FeedForward, Query])
        {
            WeightSparsity planned = run.Overview!.Plan.Weights.Single(weight => weight.Name == name);
            bool[] expected = MaskSelector.Select(planned, TestRun.Tensor(run.CheckpointPath(2), name)).Keep;
            Assert.Equal(expected, TestRun.Tensor(run.CheckpointPath(3), name).Select(float.IsFinite));
        }
    }

    [Fact]
    public void Rows_that_blocks_do_not_divide_are_refused_before_the_run()
    {
        using TestRun run = InBlocks(SparsityMethod.Random, blockRows: 5);

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => run.Execute());
        Assert.Equal(
            "params.yaml:1:1: block_rows is 5; valid: a divisor of the 32 outputs of "
            + "model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight",
            error.Message);
    }

    private static TestRun InBlocks(SparsityMethod method, int blockRows = Rows)
    {
        TestRun run = new();
        SparsityGroup group = new(null, Level, method, 7, "params.yaml:1:1") { BlockRows = blockRows };
        run.Parameters = run.Parameters with { Sparsity = new() { Selection = SparsitySelection.Default, Groups = [group] } };
        return run;
    }

    private static IEnumerable<(int Step, double Loss, double GradNorm)> Measured(TestRun run) =>
        run.Steps.Select(step => (step.Step, step.Loss, step.GradNorm));

    private static string Sparsify(TestRun run, int step)
    {
        string sparsified = Path.Combine(run.Folder, "sparsified.mdl");
        using CheckpointReader reader = CheckpointReader.Open(run.CheckpointPath(step));
        CheckpointSparsifier sparsifier = CheckpointSparsifier.Create(reader, run.Parameters.Sparsity!);
        SparsifiedCheckpoint done = sparsifier.Write(
            CheckpointOutput.For(sparsified, run.CheckpointPath(step), overwrite: false), TestContext.Current.CancellationToken);
        Assert.Equal(run.Overview!.Plan.Weights.Sum(weight => weight.Kept), done.Kept);
        return sparsified;
    }

    private static void AssertSame(string expected, string actual)
    {
        using CheckpointReader reader = CheckpointReader.Open(expected);
        Assert.All(reader.Names, name => Assert.Equal(TestRun.Tensor(expected, name), TestRun.Tensor(actual, name)));
    }
}
