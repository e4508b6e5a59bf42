using SparseEngine.Accounting;
using SparseEngine.Metrics;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>flops --iso-flop</c> prints: the dense run beside the widened sparse one.</summary>
internal static class SparseWideTable
{
    /// <summary>Lays out both.</summary>
    public static ColumnTable Of(SparseWideRun run)
    {
        ColumnTable table = new(
            new(""), Column.OfNumbers("given, dense", givesWay: 1), Column.OfNumbers("widened, sparse", givesWay: 2), Column.OfNumbers("ratio"));
        Add("hidden_size", account => account.Run.Model.HiddenSize, Quantity.Count);
        Add("filter_size", account => account.Run.Model.FilterSize, Quantity.Count);
        Add("head size", account => account.Run.Model.HeadSize, Quantity.Count);
        Add("parameters", account => account.Storage.Parameters.Dense, Quantity.Count);
        Add("non-zero", account => account.Storage.Parameters.Stored, Quantity.Count);
        table.AddEmptyRow();
        table.AddRow("forward, per token");
        Add("  linear layers", account => PerToken(account, LayerPart.Linear), Quantity.Operations);
        Add(
            $"  attention ({run.Given.Attention.ToString().ToLowerInvariant()})", account => PerToken(account, LayerPart.Attention),
            Quantity.Operations);
        Add("  output head", account => PerToken(account, LayerPart.Head), Quantity.Operations);
        Add("  total", account => account.Forward.Executed / account.Sequence, Quantity.Operations);
        return table;

        void Add(string name, Func<FlopAccount, double> figure, Func<double, string> format)
        {
            double given = figure(run.Given);
            double widened = figure(run.Widened);
            table.AddRow(name, format(given), format(widened), Invariant($"{widened / given:0.000}"));
        }
    }

    private static double PerToken(FlopAccount account, LayerPart part) => account.ForwardOf(part).Executed / account.Sequence;
}
