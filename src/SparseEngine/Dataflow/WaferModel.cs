using System.Collections.Immutable;

namespace SparseEngine.Dataflow;

/// <summary>A weight that streams through a wafer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Layer">The decoder layer that it belongs to; null for one of none.</param>
/// <param name="Load">Its size and non-zeros.</param>
internal sealed record WaferLayer(string Name, int? Layer, WeightLoad Load);

/// <summary>The three products of a layer in one training step.</summary>
/// <param name="Name">The weight.</param>
/// <param name="Layer">The decoder layer that it belongs to; null for one of none.</param>
/// <param name="Products">Forward, backward for activations, backward for weights.</param>
public sealed record WaferLayerCost(string Name, int? Layer, ImmutableArray<WaferProduct> Products)
{
    /// <summary>Cycles of all three: they follow one another.</summary>
    public double Cycles => Products.Sum(product => product.Cycles);
}

/// <summary>A training step on CS-2s, its linear layers one after the other as weight streaming executes them.</summary>
/// <param name="Layers">The layers.</param>
/// <param name="Mapping">How activations lie on each wafer.</param>
/// <param name="Systems">CS-2s that share the tokens.</param>
/// <param name="Seconds">The time of the step.</param>
/// <param name="Utilisation">Multiplications over what all cores could do in that time: 0 to 1.</param>
public sealed record WaferStep(ImmutableArray<WaferLayerCost> Layers, WaferMapping Mapping, int Systems, double Seconds, double Utilisation);

/// <summary>Predicts what a CS-2 makes of sparse products in weight streaming; docs/dataflow.md derives the formulas and names the sources.</summary>
/// <remarks>Attention, normalizations and non-linearities run where activations lie and stream no weights; they are not counted.</remarks>
internal static class WaferModel
{
    /// <summary>One product.</summary>
    /// <param name="constants">The wafer.</param>
    /// <param name="mapping">How activations lie on it.</param>
    /// <param name="load">The weight [outputs, inputs], not transposed.</param>
    /// <param name="tokens">Tokens on the wafer.</param>
    /// <param name="pass">Which product.</param>
    public static WaferProduct Product(WaferConstants constants, WaferMapping mapping, WeightLoad load, long tokens, WaferPass pass)
    {
        ArgumentNullException.ThrowIfNull(constants);
        ArgumentNullException.ThrowIfNull(mapping);
        ArgumentNullException.ThrowIfNull(load);
        return pass switch
        {
            WaferPass.BackwardActivations => ProductModel.Spmm(constants, mapping, load.Transposed(), tokens, pass),
            WaferPass.BackwardWeights => ProductModel.Sddmm(constants, mapping, load, tokens),
            _ => ProductModel.Spmm(constants, mapping, load, tokens, pass),
        };
    }

    /// <summary>A product under the mapping that makes it fastest.</summary>
    /// <param name="constants">The wafer.</param>
    /// <param name="load">The weight [outputs, inputs].</param>
    /// <param name="tokens">Tokens on the wafer.</param>
    /// <param name="pass">Which product.</param>
    public static WaferProduct FastestProduct(WaferConstants constants, WeightLoad load, long tokens, WaferPass pass) =>
        WaferMapping.Candidates(constants, tokens)
            .Select(mapping => Product(constants, mapping, load, tokens, pass))
            .MinBy(product => product.Cycles)!;

    /// <summary>A training step under the one mapping that makes the whole step fastest, since activations stay where they are.</summary>
    /// <param name="constants">The wafers.</param>
    /// <param name="layers">The linear layers, in order.</param>
    /// <param name="tokens">Tokens of the step: batch x sequence.</param>
    /// <param name="systems">
    /// CS-2s; each takes an equal share of the tokens, SwarmX sends each weight to all and adds up their gradients on the way back.
    /// </param>
    public static WaferStep Step(WaferConstants constants, IReadOnlyList<WaferLayer> layers, long tokens, int systems)
    {
        ArgumentNullException.ThrowIfNull(constants);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(systems, 1);
        long share = (tokens + systems - 1) / systems;
        (WaferMapping mapping, ImmutableArray<WaferLayerCost> costs) = WaferMapping.Candidates(constants, share)
            .Select(candidate => (Mapping: candidate, Costs: Costs(constants, candidate, layers, share)))
            .MinBy(choice => choice.Costs.Sum(cost => cost.Cycles));

        // Weights and gradients pass the tree of SwarmX nodes once for each product.
        int levels = systems == 1 ? 0 : (int)Math.Ceiling(Math.Log(systems) / Math.Log(constants.SwarmXFanOut));
        double products = costs.Sum(cost => cost.Products.Length);
        double seconds = (costs.Sum(cost => cost.Cycles) / constants.ClockHertz) + (products * levels * constants.SwarmXSeconds);
        double multiplications = costs.Sum(cost => cost.Products.Sum(product => product.Multiplications));
        return new WaferStep(costs, mapping, systems, seconds, multiplications / (seconds * constants.PeakMultiplyAddsPerSecond));
    }

    private static ImmutableArray<WaferLayerCost> Costs(
        WaferConstants constants, WaferMapping mapping, IReadOnlyList<WaferLayer> layers, long tokens) =>
    [
        .. layers.Select(layer => new WaferLayerCost(
            layer.Name,
            layer.Layer,
            [
                Product(constants, mapping, layer.Load, tokens, WaferPass.Forward),
                Product(constants, mapping, layer.Load, tokens, WaferPass.BackwardActivations),
                Product(constants, mapping, layer.Load, tokens, WaferPass.BackwardWeights),
            ])),
    ];
}
