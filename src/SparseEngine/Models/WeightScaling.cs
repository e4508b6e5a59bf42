using SparseEngine.Configuration;

namespace SparseEngine.Models;

/// <summary>How large the weights of a decoder's linear layer are at first, and how fast they learn beside the run's learning rate.</summary>
/// <remarks>
/// Under muP (Yang et al., 2022) both follow the ratio of the base model's width to this one's: the learning rate the ratio itself, the deviation its
/// root, and that of the two output layers also 1 / sqrt(2 layers), as in the Model Zoo's gpt2_model.py. Otherwise the ratio is 1.
/// </remarks>
/// <param name="Initializer">Where the first values come from.</param>
/// <param name="WidthRatio">What the learning rate is multiplied by.</param>
internal readonly record struct WeightScaling(InitializerParameters Initializer, double WidthRatio)
{
    /// <summary>Of the projections to queries, keys and values.</summary>
    public static WeightScaling OfAttentionInput(ModelParameters model) => IsMup(model)
        ? Scaled(model.Initializer ?? Default(model), model.HiddenRatio)
        : Plain(model.Initializer ?? InitializerParameters.Normal(model.InitializerRange * ByDepth(model)));

    /// <summary>Of the projection of what the heads give.</summary>
    public static WeightScaling OfAttentionOutput(ModelParameters model) => IsMup(model)
        ? Scaled(model.OutputLayerInitializer ?? Default(model), model.HiddenRatio, ByDepth(model))
        : Plain(model.OutputLayerInitializer ?? OfAttentionInput(model).Initializer);

    /// <summary>Of the feed-forward's first layer, its gate included.</summary>
    public static WeightScaling OfFeedForwardInput(ModelParameters model) => IsMup(model)
        ? Scaled(model.Initializer ?? Default(model), model.HiddenRatio)
        : Plain(model.Initializer ?? Default(model));

    /// <summary>Of the feed-forward's second layer.</summary>
    public static WeightScaling OfFeedForwardOutput(ModelParameters model) => IsMup(model)
        ? Scaled(Default(model), model.FilterRatio, ByDepth(model))
        : Plain(model.OutputLayerInitializer ?? OfFeedForwardInput(model).Initializer);

    private static bool IsMup(ModelParameters model) => model.MupBaseHiddenSize is not null;

    private static InitializerParameters Default(ModelParameters model) => InitializerParameters.Normal(model.InitializerRange);

    private static double ByDepth(ModelParameters model) => 1 / Math.Sqrt(2.0 * model.Layers);

    private static WeightScaling Plain(InitializerParameters initializer) => new(initializer, 1);

    private static WeightScaling Scaled(InitializerParameters initializer, double ratio, double byDepth = 1) =>
        new(initializer.Times(Math.Sqrt(ratio) * byDepth), ratio);
}
