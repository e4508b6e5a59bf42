using SparseEngine.Checkpoints;
using SparseEngine.Metrics;
using Spectre.Console;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>inspect</c> prints: a row for each tensor, sums of parameters and of optimizer state, and then what is beside the tensors.</summary>
internal static class InspectionTable
{
    private static readonly string[] Texts = ["tensor", "shape", "dtype"];
    private static readonly string[] Numbers = ["elements", "sparsity", "NaN", "infinite"];

    /// <summary>Lays out the tensors.</summary>
    public static Table Of(CheckpointInspection inspection)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string header in Texts.Concat(Numbers))
        {
            Justify alignment = Numbers.Contains(header) ? Justify.Right : Justify.Left;
            table.AddColumn(new TableColumn(header) { NoWrap = header != "tensor", Alignment = alignment });
        }

        foreach (InspectedTensor tensor in inspection.Tensors)
        {
            AddRow(table, Plain(tensor.Name), string.Join(" x ", tensor.Shape), tensor.DataType, tensor.Counts);
        }

        table.AddEmptyRow();
        AddSum(table, "all parameters", inspection.Parameters);
        AddSum(table, "all optimizer state", inspection.OptimizerState);
        return table;
    }

    /// <summary>Lays out what is beside the tensors.</summary>
    public static FactTable FactsOf(CheckpointInspection inspection)
    {
        FactTable table = new();
        table.Add("checkpoint", inspection.Path);
        if (inspection.State is { } state)
        {
            table.Add("step", $"{state.Step}");
            table.Add("samples consumed", Quantity.Count(state.SamplesConsumed));
            table.Add("seed", $"{state.Seed}");
            table.Add("shuffle seed", $"{state.ShuffleSeed}");
        }
        else
        {
            table.Add("step", "not in the file");
        }

        foreach ((string key, string text) in inspection.Metadata.OrderBy(text => text.Key, StringComparer.Ordinal))
        {
            table.Add(Plain(key), string.Join('\n', text.Split('\n').Select(Plain)));
        }

        return table;
    }

    // What a file says must not command the terminal.
    private static string Plain(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));

    private static void AddSum(Table table, string name, IEnumerable<InspectedTensor> tensors)
    {
        List<InspectedTensor> all = [.. tensors];
        if (all.Count > 0)
        {
            AddRow(table, name, "", "", ElementCounts.Sum(all));
        }
    }

    private static void AddRow(Table table, string name, string shape, string dataType, ElementCounts counts)
    {
        string[] cells =
        [
            name, shape, dataType, Quantity.Count(counts.Elements), $"{counts.Sparsity:0.####}", Quantity.Count(counts.NaNs), Quantity.Count(counts.Infinities),
        ];
        table.AddRow(cells.Select(cell => new Text(cell)));
    }
}
