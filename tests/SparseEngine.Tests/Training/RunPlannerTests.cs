using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;
using SparseEngine.Training;

namespace SparseEngine.Tests.Training;

public class RunPlannerTests
{
    [Fact]
    public void A_description_is_what_the_run_then_has_and_touches_nothing()
    {
        using TestRun run = new();
        RunDescription description = RunPlanner.Describe(run.Parameters with
        {
            TrainInput = run.Parameters.TrainInput! with { DataDirectories = ["no/such/folder"] },
        });
        Assert.Empty(Directory.EnumerateFileSystemEntries(run.Folder));

        RunSummary summary = run.Execute();
        Assert.Equal(run.Overview!.Parameters, description.Parameters);
        Assert.Equal(run.Overview.NonZeros, description.NonZeros);
        Assert.Equal(run.Steps[0].FlopsDense, description.FlopsDense);
        Assert.Equal(run.Steps[0].FlopsExecuted, description.FlopsExecuted);
        Assert.Equal(summary.StateBytesDense, description.StateBytesDense);
        Assert.InRange(description.StateBytes, description.NonZeros * 16, summary.StateBytes);
        Assert.Equal(4 * 32, description.TokensPerStep);
    }

    [Fact]
    public void Flops_are_six_per_weight_and_token_and_those_of_causal_attention()
    {
        ModelParameters model = new() { VocabularySize = 100, HiddenSize = 8, Layers = 3, Heads = 2, FilterSize = 32 };
        double weights = (3 * ((4 * 8 * 8) + (2 * 8 * 32))) + (100 * 8);

        // One sequence of 5 tokens has 15 query-key pairs; each costs 2 x 8 operations for its score, 2 x 8 for its value, three times over.
        double attention = 3 * 15 * 2 * 2 * 8 * 3;
        FlopCount dense = FlopCount.OfTrainingStep(model, SparsityPlan.Dense, batch: 1, sequence: 5);
        Assert.Equal((6 * 5 * weights) + attention, dense.Dense);
        Assert.Equal(dense.Dense, dense.Executed);

        SparsityPlan plan = SparsityPlan.Create(TestRun.RandomSparsity(0.75), GptArchitecture.Parameters(model));
        FlopCount sparse = FlopCount.OfTrainingStep(model, plan, batch: 2, sequence: 5);
        Assert.Equal(2 * dense.Dense, sparse.Dense);
        Assert.Equal(2 * ((6 * 5 * ((weights - 800) / 4 + 800)) + attention), sparse.Executed);
    }
}
