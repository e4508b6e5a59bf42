using Microsoft.Extensions.Logging;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

public sealed class SparsityLogTests
{
    private static readonly NamedShape[] Model = [new("a.bias", [2]), new("a.weight", [2, 5]), new("b.weight", [3, 2])];

    [Fact]
    public void Weights_and_groups_are_reported_in_the_zoos_words()
    {
        Assert.Equal(
            [
                "Debug: Sparsity for \"a.weight\" + ['optimizer.state.a.weight.exp_avg', 'optimizer.state.a.weight.exp_avg_sq']: "
                + "{'sparsity': 0.3, 'init_method': 'topk', 'seed': 1235}",
                "Debug: Sparsity for \"b.weight\" + ['optimizer.state.b.weight.exp_avg', 'optimizer.state.b.weight.exp_avg_sq']: "
                + "{'sparsity': 0.3, 'init_method': 'topk', 'seed': 1236}",
                "Information: Will apply sparsity to 2 weights with {'sparsity': 0.3, 'init_method': 'topk', 'seed': 1234}",
            ],
            Report(0.3, Model));
    }

    [Fact]
    public void What_was_applied_is_said_of_each_weight_and_its_states()
    {
        Lines lines = new();
        SparsityLog.ReportApplied(lines, SparsityPlan.Create(Section(0.3), Model));
        Assert.Equal(
            "Debug: Applied sparsity {'sparsity': 0.3, 'init_method': 'topk', 'seed': 1235} to "
            + "['a.weight', 'optimizer.state.a.weight.exp_avg', 'optimizer.state.a.weight.exp_avg_sq']",
            lines.Written[0]);
        Assert.Equal(2, lines.Written.Count);
    }

    [Fact]
    public void Blocks_of_rows_are_told()
    {
        Lines lines = new();
        SparsityParameters section = Section(0.3);
        section = section with { Groups = [section.Groups[0] with { BlockRows = 2 }] };
        SparsityLog.Report(lines, section, SparsityPlan.Create(section, Model[..2]));
        Assert.Equal(
            "Information: Will apply sparsity to 1 weights with {'sparsity': 0.3, 'init_method': 'topk', 'seed': 1234, 'block_rows': 2}",
            lines.Written[^1]);
    }

    [Fact]
    public void A_level_of_zero_reads_as_the_fraction_it_is() => Assert.Contains("'sparsity': 0.0,", Report(0, Model)[0], StringComparison.Ordinal);

    [Fact]
    public void A_model_without_a_sparse_weight_is_warned_of() => Assert.Equal("Warning: No sparsity applied.", Report(0.3, Model[..1])[^1]);

    private static SparsityParameters Section(double sparsity) => new()
    {
        Selection = SparsitySelection.Default,
        Groups = [new SparsityGroup(null, sparsity, SparsityMethod.TopK, 1234, "params.yaml:3:1")],
    };

    private static List<string> Report(double sparsity, IReadOnlyList<NamedShape> model)
    {
        SparsityParameters parameters = Section(sparsity);
        Lines lines = new();
        SparsityLog.Report(lines, parameters, SparsityPlan.Create(parameters, model));
        return lines.Written;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
