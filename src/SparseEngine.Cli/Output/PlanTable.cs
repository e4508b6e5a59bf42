using SparseEngine.Metrics;
using SparseEngine.Sparsity;
using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>What --validate_only prints of the sparsity: one row for each weight that is made sparse.</summary>
internal static class PlanTable
{
    private static readonly string[] Numbers = ["sparsity", "seed", "kept", "total"];

    /// <summary>Lays out a plan.</summary>
    public static Table Of(SparsityPlan plan)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string header in (string[])["weight", "shape", "sparsity", "method", "seed", "kept", "total"])
        {
            Justify alignment = Numbers.Contains(header) ? Justify.Right : Justify.Left;
            table.AddColumn(new TableColumn(header) { NoWrap = header != "weight", Alignment = alignment });
        }

        foreach (WeightSparsity weight in plan.Weights)
        {
            string[] cells =
            [
                weight.Name,
                string.Join(" x ", weight.Shape),
                $"{weight.Sparsity}",
                weight.Method.ToString().ToLowerInvariant(),
                $"{weight.Seed}",
                Quantity.Count(weight.Kept),
                Quantity.Count(weight.Total),
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }

        return table;
    }
}
