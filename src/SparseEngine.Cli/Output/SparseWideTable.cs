using SparseEngine.Accounting;
using SparseEngine.Metrics;
using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>flops --iso-flop</c> prints: the dense run beside the widened sparse one.</summary>
internal static class SparseWideTable
{
    /// <summary>Lays out both.</summary>
    public static Table Of(SparseWideRun run)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string header in (string[])["", "given, dense", "widened, sparse", "ratio"])
        {
            table.AddColumn(new TableColumn(header) { NoWrap = true, Alignment = header.Length == 0 ? Justify.Left : Justify.Right });
        }

        Add("hidden_size", account => account.Run.Model.HiddenSize, Quantity.Count);
        Add("filter_size", account => account.Run.Model.FilterSize, Quantity.Count);
        Add("head size", account => account.Run.Model.HiddenSize / account.Run.Model.Heads, Quantity.Count);
        Add("parameters", account => account.Storage.Parameters.Dense, Quantity.Count);
        Add("non-zero", account => account.Storage.Parameters.Stored, Quantity.Count);
        table.AddEmptyRow();
        table.AddRow(new Text("forward, per token"));
        Add("  linear layers", account => PerToken(account, LayerPart.Linear), Quantity.Operations);
        Add($"  attention ({run.Given.Attention.ToString().ToLowerInvariant()})", account => PerToken(account, LayerPart.Attention), Quantity.Operations);
        Add("  output head", account => PerToken(account, LayerPart.Head), Quantity.Operations);
        Add("  total", account => account.Forward.Executed / account.Sequence, Quantity.Operations);
        return table;

        void Add(string name, Func<FlopAccount, double> figure, Func<double, string> format)
        {
            double given = figure(run.Given);
            double widened = figure(run.Widened);
            table.AddRow(new Text(name), new Text(format(given)), new Text(format(widened)), new Text($"{widened / given:0.000}"));
        }
    }

    private static double PerToken(FlopAccount account, LayerPart part) => account.ForwardOf(part).Executed / account.Sequence;
}
