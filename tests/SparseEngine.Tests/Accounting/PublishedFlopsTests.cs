using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Accounting;

/// <summary>
/// Figures published for GPT-3 XL with all linear layers of the decoder sparse: 2.5 times fewer training FLOPs at 75%
/// (Thangarasa et al., 2023, arXiv 2303.10464), and at 83.8% 3 times fewer inference FLOPs and 4.3 times fewer parameters (Cerebras,
/// "Creating Sparse GPT-3 Models with Iterative Pruning", 2022). Both count attention in full, the head densely, and no look-up of embeddings.
/// </summary>
public sealed class PublishedFlopsTests
{
    [Fact]
    public void GPT_3_XL_trains_with_2_5_times_fewer_FLOPs_at_75_percent()
    {
        FlopAccount account = Sparse(0.75, AttentionCounting.Full);

        Assert.Equal("2.5", $"{account.RunTraining!.Value.Reduction:0.0}");
        Assert.Equal(2.4944, account.RunTraining.Value.Reduction, 4);
    }

    [Fact]
    public void GPT_3_XL_infers_with_3_0_times_fewer_FLOPs_and_4_3_times_fewer_parameters_at_83_8_percent()
    {
        FlopAccount account = Sparse(0.838, AttentionCounting.Full);

        Assert.Equal("3.0", $"{account.Forward.Reduction:0.0}");
        Assert.Equal("4.3", $"{account.Storage.Parameters.Reduction:0.0}");
        Assert.Equal((3.0248, 4.3358), (Math.Round(account.Forward.Reduction, 4), Math.Round(account.Storage.Parameters.Reduction, 4)));
    }

    [Fact]
    public void Without_the_head_or_attention_or_with_causal_attention_the_published_figures_do_not_come_out()
    {
        foreach ((double sparsity, double published) in new[] { (0.75, 2.5), (0.838, 3.0) })
        {
            FlopAccount full = Sparse(sparsity, AttentionCounting.Full);
            FlopAccount causal = Sparse(sparsity, AttentionCounting.Causal);
            FlopCount linear = full.ForwardOf(LayerPart.Linear);
            FlopCount head = full.ForwardOf(LayerPart.Head);
            FlopCount attention = full.ForwardOf(LayerPart.Attention);
            FlopCount[] others =
            [
                causal.Forward, linear, Sum(linear, head), Sum(linear, attention), Sum(linear, causal.ForwardOf(LayerPart.Attention)),
            ];

            Assert.Equal(published, Math.Round(full.Forward.Reduction, 1));
            Assert.All(others, other => Assert.NotEqual(published, Math.Round(other.Reduction, 1)));
        }
    }

    [Fact]
    public void A_forward_pass_adds_up_to_what_the_formula_gives_by_hand()
    {
        FlopAccount account = Sparse(0.75, AttentionCounting.Full);
        const double H = 2048, Filter = 8192, Vocabulary = 50257, Tokens = 2048, Layers = 24;
        double linear = 2 * Layers * Tokens * ((4 * H * H) + (2 * H * Filter));
        double attention = Layers * 4 * H * Tokens * Tokens;
        double head = 2 * Tokens * H * Vocabulary;

        Assert.Equal(new FlopCount(linear, linear / 4), account.ForwardOf(LayerPart.Linear));
        Assert.Equal(new FlopCount(attention, attention), account.ForwardOf(LayerPart.Attention));
        Assert.Equal(new FlopCount(head, head), account.ForwardOf(LayerPart.Head));
        Assert.Equal(new FlopCount(linear + attention + head, (linear / 4) + attention + head), account.Forward);

        // 1,210,000 steps of 121 sequences.
        Assert.Equal(1_210_000.0 * 121 * 2048, account.Tokens);
        Assert.Equal(3 * account.Forward.Executed * 1_210_000 * 121, account.RunTraining!.Value.Executed);
    }

    private static FlopCount Sum(FlopCount left, FlopCount right) => new(left.Dense + right.Dense, left.Executed + right.Executed);

    private static FlopAccount Sparse(double sparsity, AttentionCounting attention)
    {
        RunParameters run = RunParametersReader.ReadFile(TestData.PathOf("configs", "params_gpt3_xl.yaml")).Parameters;
        return FlopAccount.Of(run with { Sparsity = TestRun.RandomSparsity(sparsity) }, attention);
    }
}
