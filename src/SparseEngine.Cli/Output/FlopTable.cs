using SparseEngine.Accounting;
using SparseEngine.Metrics;
using SparseEngine.Models;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>What <c>flops</c> prints: a row for each part of a decoder layer, sums, and then what the run costs.</summary>
internal static class FlopTable
{
    // What all weights of a kind share is left out, so that a row fits in 80 columns.
    private static readonly string[] CommonEndings = [".weight", "_dense_layer", ".linear_layer"];

    /// <summary>Lays out the operations of one sequence. Consecutive decoder layers that are alike share their rows.</summary>
    public static ColumnTable Of(FlopAccount account)
    {
        ColumnTable table = new(
            new("FLOPs of one sequence"), Column.OfNumbers("kept"), Column.OfNumbers("forward\ndense", givesWay: 3),
            Column.OfNumbers("forward\nsparse", givesWay: 4),
            Column.OfNumbers("backward\ndense", givesWay: 1), Column.OfNumbers("backward\nsparse", givesWay: 2));
        foreach (DecoderLayers layers in DecoderLayers.Of(account))
        {
            table.AddRow(layers.Name);
            foreach (LayerFlops part in layers.Parts)
            {
                AddRow(table, $"  {layers.ShortNameOf(part)}", [part]);
            }
        }

        table.AddEmptyRow();
        AddRow(table, "linear layers", account.Layers.Where(layer => layer.Part == LayerPart.Linear));
        AddRow(table, "attention", account.Layers.Where(layer => layer.Part == LayerPart.Attention));
        AddRow(table, "output head", account.Layers.Where(layer => layer.Part == LayerPart.Head));
        AddRow(table, "total", account.Layers);
        return table;
    }

    /// <summary>Lays out what the run costs.</summary>
    public static FactTable FactsOf(FlopAccount account)
    {
        FactTable table = new();
        table.Add("attention", AttentionOf(account));
        table.Add("sequence", Quantity.Count(account.Sequence, "token"));
        if (account.Plan.IsDynamic)
        {
            table.Add(
                "level",
                account.Steps is null
                    ? "at the start: masks change"
                    : "at the end: masks change; the run's sum and average count each step at its own");
        }

        Add("forward, per token", account.Forward.Times(1.0 / account.Sequence));
        Add("forward, per sequence", account.Forward);
        Add("training, per token", account.Training.Times(1.0 / account.Sequence));
        Add("training, per sequence", account.Training);
        if (account.Batch is { } batch)
        {
            Add($"training, per step of {Quantity.Count(batch, "sequence")}", account.Training.Times(batch));
        }

        if (account is { RunTraining: { } run, Steps: { } steps, Tokens: { } tokens })
        {
            if (account is { Plan.IsDynamic: true, AverageTraining: { } average })
            {
                Add("training, per sequence, on average", average);
            }

            Add($"training, {Quantity.Count(steps, "step")}, {Quantity.Scaled(tokens, " tokens")}", run);
            if (account.DenseGradients > 0)
            {
                table.Add(
                    "dense gradients of updates",
                    $"{Quantity.Operations(account.DenseGradients)}, "
                        + Invariant($"{100 * account.DenseGradients / run.Executed:0.#}% of what is executed"));
            }
        }

        ModelStorage storage = account.Storage;
        table.Add("parameters", Quantity.Count(storage.Parameters.Dense));
        string fewer = storage.Parameters.Stored < storage.Parameters.Dense ? Invariant($", {storage.Parameters.Reduction:0.00} times fewer") : "";
        table.Add("non-zero", $"{Quantity.Count(storage.Parameters.Stored)}{fewer}");
        table.Add("weights", Quantity.Saving(storage.WeightBytes.Stored, storage.WeightBytes.Dense, Quantity.Bytes));
        if (storage.OptimizerBytes.Dense > 0)
        {
            table.Add("optimizer state", Quantity.Saving(storage.OptimizerBytes.Stored, storage.OptimizerBytes.Dense, Quantity.Bytes));
        }

        return table;

        void Add(string name, FlopCount flops) => table.Add(name, Saving(flops));
    }

    private static string AttentionOf(FlopAccount account) => account.Attention == AttentionCounting.Full
        ? "every query-key pair, as published figures count it (--attention causal: those computed)"
        : "the query-key pairs that are computed, key not after query (--attention full: as published figures count it)";

    private static string Saving(FlopCount flops)
    {
        string text = Quantity.Saving(flops.Executed, flops.Dense, Quantity.Operations);
        return flops.Executed < flops.Dense ? Invariant($"{text}, {flops.Reduction:0.00} times fewer") : text;
    }

    private static void AddRow(ColumnTable table, string name, IEnumerable<LayerFlops> layers)
    {
        List<LayerFlops> all = [.. layers];
        FlopCount forward = FlopCount.SumOf(all);
        FlopCount backward = forward.Times(2);
        long elements = all.Sum(layer => layer.Elements);
        table.AddRow(
            name,
            elements > 0 ? Invariant($"{100.0 * all.Sum(layer => layer.NonZeros) / elements:0.##}%") : "",
            Scaled(forward.Dense), Scaled(forward.Executed), Scaled(backward.Dense), Scaled(backward.Executed));

        static string Scaled(double flops) => Quantity.Scaled(flops, "").TrimEnd();
    }

    /// <summary>Consecutive decoder layers whose parts cost the same.</summary>
    private sealed record DecoderLayers(int First, int Last, IReadOnlyList<LayerFlops> Parts)
    {
        /// <summary>What heads their rows.</summary>
        public string Name => First == Last ? $"decoder layer {First}" : $"decoder layers {First}-{Last}, each";

        /// <summary>All of them, in order.</summary>
        public static IEnumerable<DecoderLayers> Of(FlopAccount account)
        {
            DecoderLayers? alike = null;
            foreach (IGrouping<int, LayerFlops> group in account.Layers.Where(layer => layer.Layer is not null).GroupBy(layer => layer.Layer!.Value))
            {
                DecoderLayers next = new(group.Key, group.Key, [.. group]);
                if (alike is not null && !alike.Costs().SequenceEqual(next.Costs()))
                {
                    yield return alike;
                    alike = null;
                }

                alike = alike is null ? next : alike with { Last = next.Last };
            }

            if (alike is not null)
            {
                yield return alike;
            }
        }

        /// <summary>A part's name without the layer's, and without what all names end in.</summary>
        public string ShortNameOf(LayerFlops part) => CommonEndings.Aggregate(
            part.Name[(GptArchitecture.Layer(First).Length + 1)..],
            (name, ending) => name.EndsWith(ending, StringComparison.Ordinal) ? name[..^ending.Length] : name);

        private IEnumerable<(long NonZeros, double Dense, double Executed)> Costs() =>
            Parts.Select(part => (part.NonZeros, part.DenseForward, part.ExecutedForward));
    }
}
