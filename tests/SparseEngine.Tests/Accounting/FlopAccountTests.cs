using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Tests.Training;
using SparseEngine.Training;

namespace SparseEngine.Tests.Accounting;

public sealed class FlopAccountTests
{
    [Fact]
    public void The_runs_tokens_are_known_where_its_length_does_not_hang_on_its_data()
    {
        using TestRun run = new();

        Assert.Equal(8, Steps(run, config => config));
        Assert.Equal(5, Steps(run, config => config with { NumSteps = 5 }));
        Assert.Equal(6, Steps(run, config => config with { NumEpochs = 2, StepsPerEpoch = 3 }));
        Assert.Null(Steps(run, config => config with { NumEpochs = 2 }));
        Assert.Null(Steps(run, config => config with { MaxSteps = null }));
        Assert.Equal(8 * 4 * 32, FlopAccount.Of(run.Parameters, AttentionCounting.Full).Tokens);
    }

    [Fact]
    public void A_model_alone_is_counted_for_its_longest_sequence_and_has_no_optimizer_state()
    {
        using TestRun run = new();
        RunParameters model = run.Parameters with { TrainInput = null, EvalInput = null, Optimizer = null };

        FlopAccount account = FlopAccount.Of(model, AttentionCounting.Full);

        Assert.Equal(run.Parameters.Model.MaxPositionEmbeddings, account.Sequence);
        Assert.Equal((null, null, null, null), (account.Batch, account.Steps, account.Tokens, account.RunTraining));
        Assert.Equal(default, account.Storage.OptimizerBytes);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.75)]
    public void Training_and_sizes_are_those_of_a_runs_description(double sparsity)
    {
        using TestRun run = new();
        RunParameters parameters = run.Parameters with { Sparsity = TestRun.RandomSparsity(sparsity) };

        FlopAccount account = FlopAccount.Of(parameters, AttentionCounting.Causal);

        RunDescription description = RunPlanner.Describe(parameters);
        Assert.Equal(new FlopCount(description.FlopsDense, description.FlopsExecuted), account.Training.Times(4));
        Assert.Equal(account.Training, account.Forward.Times(1).Times(3));
        Assert.Equal(account.Backward, account.Forward.Times(2));
        ModelStorage storage = account.Storage;
        Assert.Equal((description.Parameters, description.NonZeros), (storage.Parameters.Dense, storage.Parameters.Stored));

        // What is left are the gradients.
        Assert.Equal(description.StateBytesDense, storage.WeightBytes.Dense + storage.OptimizerBytes.Dense + (4 * description.Parameters));
        Assert.Equal(description.StateBytes, storage.WeightBytes.Stored + storage.OptimizerBytes.Stored + (4 * description.NonZeros));
        Assert.Equal(sparsity == 0, storage.WeightBytes.Dense == storage.WeightBytes.Stored);
    }

    private static int? Steps(TestRun run, Func<RunConfig, RunConfig> change) =>
        FlopAccount.Of(run.Parameters with { RunConfig = change(run.Parameters.RunConfig) }, AttentionCounting.Full).Steps;
}
