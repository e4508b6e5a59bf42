using SparseEngine.Checkpoints;
using SparseEngine.Metrics;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>
/// What <c>inspect</c> prints: a row for each tensor, sums of parameters and of optimizer state, and then what is beside the tensors.
/// </summary>
internal static class InspectionTable
{
    private const string NotThere = "not in the file";

    /// <summary>Lays out the tensors.</summary>
    public static ColumnTable Of(CheckpointInspection inspection)
    {
        // Only runs whose masks move mark what has ever lived.
        bool hasLived = inspection.Tensors.Any(tensor => tensor.Counts.Lived > 0);
        ColumnTable table = new(
        [
            new("tensor"), new("shape", GivesWay: 3), new("dtype", GivesWay: 1),
            Column.OfNumbers("elements", givesWay: 4), Column.OfNumbers("sparsity"),
            .. hasLived ? [Column.OfNumbers("ever alive", givesWay: 6)] : (Column[])[],
            Column.OfNumbers("NaN", givesWay: 5), Column.OfNumbers("infinite", givesWay: 2),
        ]);
        foreach (InspectedTensor tensor in inspection.Tensors)
        {
            Add(Terminal.Plain(tensor.Name), string.Join(" x ", tensor.Shape), tensor.DataType, tensor.Counts);
        }

        table.AddEmptyRow();
        AddSum("all parameters", inspection.Parameters);
        AddSum("all optimizer state", inspection.OptimizerState);
        return table;

        void AddSum(string name, IEnumerable<InspectedTensor> tensors)
        {
            List<InspectedTensor> all = [.. tensors];
            if (all.Count > 0)
            {
                // What other tensors mark says nothing of those that mark nothing.
                Add(name, "", "", ElementCounts.Sum(all) with { Lived = 0 });
            }
        }

        void Add(string name, string shape, string dataType, ElementCounts counts) => table.AddRow(
        [
            name, shape, dataType, Quantity.Count(counts.Elements), Invariant($"{counts.Sparsity:0.####}"),
            .. hasLived ? [counts.EverAlive is { } share ? Invariant($"{share:0.####}") : ""] : (string[])[],
            Quantity.Count(counts.NaNs), Quantity.Count(counts.Infinities),
        ]);
    }

    /// <summary>Lays out what is beside the tensors.</summary>
    public static FactTable FactsOf(CheckpointInspection inspection)
    {
        FactTable table = new();
        table.Add("checkpoint", inspection.Path);
        if (inspection.State is { } state)
        {
            table.Add("step", $"{state.Step}");
            table.Add("samples consumed", state.SamplesConsumed is { } samples ? Quantity.Count(samples) : NotThere);
            table.Add("seed", state.Seed is { } seed ? Invariant($"{seed}") : NotThere);
            table.Add("shuffle seed", state.ShuffleSeed is { } shuffleSeed ? Invariant($"{shuffleSeed}") : NotThere);
        }
        else
        {
            table.Add("step", NotThere);
        }

        foreach ((string key, string text) in inspection.Metadata.OrderBy(text => text.Key, StringComparer.Ordinal))
        {
            table.Add(Terminal.Plain(key), string.Join('\n', text.Split('\n').Select(Terminal.Plain)));
        }

        return table;
    }
}
