using System.Text.RegularExpressions;
using SparseEngine.Accounting;
using SparseEngine.Dataflow;
using SparseEngine.Metrics;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>What a CSX run prints of the wafer: the predicted cycles of each kind of weight.</summary>
internal static partial class WaferTable
{
    private static readonly WaferConstants Wafer = WaferConstants.Cs2;

    /// <summary>Lays out the weights, those of the decoder's layers added up.</summary>
    public static ColumnTable Of(WaferPrediction prediction)
    {
        ColumnTable table = new(
            new("weight"), Column.OfNumbers("layers", givesWay: 2), Column.OfNumbers("forward", givesWay: 5),
            Column.OfNumbers("backward x", givesWay: 3),
            Column.OfNumbers("backward W", givesWay: 4), new("bound by", GivesWay: 1), Column.OfNumbers("utilisation"));
        foreach (IGrouping<string, WaferLayerCost> kind in prediction.Step.Layers.GroupBy(layer => LayerNumber().Replace(layer.Name, ".*.")))
        {
            double[] cycles = [.. Enumerable.Range(0, 3).Select(product => kind.Sum(layer => layer.Products[product].Cycles))];
            double multiplications = kind.Sum(layer => layer.Products.Sum(product => product.Multiplications));
            string bounds = string.Join(", ", kind.First().Products.Select(product => product.Bound.ToString().ToLowerInvariant()).Distinct());
            string[] cells =
            [
                kind.Key, $"{kind.Count()}", .. cycles.Select(Time), bounds,
                Invariant($"{100 * Wafer.Utilisation(multiplications, cycles.Sum()):0.0}%"),
            ];
            table.AddRow(cells);
        }

        return table;
    }

    /// <summary>The step, beside what was measured here if something was.</summary>
    /// <param name="prediction">The prediction.</param>
    /// <param name="measuredTokensPerSecond">Tokens a second of this machine, or null.</param>
    /// <param name="averageSeconds">Seconds of a step on average over a run whose levels change, or null.</param>
    public static FactTable Summary(WaferPrediction prediction, double? measuredTokensPerSecond, double? averageSeconds = null)
    {
        FactTable table = new();
        string level = averageSeconds is null ? "" : ", at the end";
        string systems = prediction.Step.Systems == 1 ? "one CS-2" : $"{prediction.Step.Systems} CS-2s";
        table.Add(
            $"predicted step on {systems}",
            Invariant(
                $"{1e6 * prediction.Step.Seconds:N0} µs for {Quantity.Count(prediction.Tokens, "token")}, linear layers only{level}"));
        if (averageSeconds is { } seconds)
        {
            table.Add("on average over the run", Invariant($"{1e6 * seconds:N0} µs, {Quantity.Count(prediction.Tokens / seconds)} tokens/s"));
        }

        table.Add("predicted speed", $"{Quantity.Count(prediction.TokensPerSecond)} tokens/s");
        double peak = 2 * prediction.Step.Systems * Wafer.PeakMultiplyAddsPerSecond;
        table.Add("predicted utilisation", Invariant($"{100 * prediction.Step.Utilisation:0.0}% of {Quantity.Scaled(peak, "FLOP/s")}"));
        if (measuredTokensPerSecond is { } measured)
        {
            table.Add("measured here", $"{Quantity.Count(measured)} tokens/s, the whole step");
        }

        return table;
    }

    private static string Time(double cycles) => Invariant($"{1e6 * cycles / Wafer.ClockHertz:N1} µs");

    [GeneratedRegex(@"(?<=\.layers)\.\d+\.")]
    private static partial Regex LayerNumber();
}
