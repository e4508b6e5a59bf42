using SparseEngine.Metrics;
using SparseEngine.Sparsity;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>What --validate_only prints of the sparsity: one row for each weight that is made sparse.</summary>
internal static class PlanTable
{
    /// <summary>Lays out a plan.</summary>
    public static ColumnTable Of(SparsityPlan plan)
    {
        ColumnTable table = new(
            new("weight"), new("shape", GivesWay: 4), Column.OfNumbers("sparsity"), new("method", GivesWay: 2),
            Column.OfNumbers("seed", givesWay: 1), Column.OfNumbers("kept", givesWay: 5), Column.OfNumbers("total", givesWay: 3));
        foreach (WeightSparsity weight in plan.Weights)
        {
            table.AddRow(
                weight.Name,
                string.Join(" x ", weight.Shape),
                Invariant($"{weight.Sparsity:0.######}"),
                MethodOf(weight),
                $"{weight.Seed}",
                Quantity.Count(weight.Kept),
                Quantity.Count(weight.Total));
        }

        return table;
    }

    /// <summary>How the mask is chosen first, and where it changes, by what: "random", "random, rigl".</summary>
    private static string MethodOf(WeightSparsity weight)
    {
        string first = SparsityLog.NameOf(weight.Method);
        return weight.Dynamic is { } dynamic ? $"{first}, {SparsityLog.NameOf(dynamic.Algorithm)}" : first;
    }
}
