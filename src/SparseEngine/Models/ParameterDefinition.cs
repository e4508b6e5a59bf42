using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>A parameter as the part of a model that has it declares it, before it has values.</summary>
/// <param name="Name">The checkpoint's name of it.</param>
/// <param name="Shape">Its dimensions: [out, in] for a weight, [features] for a bias or norm.</param>
/// <param name="Role">What it is to the model.</param>
/// <param name="Layer">The decoder layer that it belongs to; null for one of none.</param>
/// <param name="Initializer">Where its first values come from.</param>
public sealed record ParameterDefinition(string Name, ImmutableArray<int> Shape, ParameterRole Role, int? Layer, InitializerParameters Initializer)
    : NamedShape(Name, Shape)
{
    /// <summary>Whether it multiplies activations, and so can be stored and computed sparsely; tables of embeddings cannot.</summary>
    public override bool CanBeSparse => Role is ParameterRole.LinearWeight or ParameterRole.HeadWeight;

    /// <summary>What its learning rate is multiplied by: muP's ratio of widths, 1 without.</summary>
    public double WidthRatio { get; init; } = 1;

    /// <summary>The density of this weight in the model that muP starts from; null where its own does not change its learning rate.</summary>
    public double? BaseDensity { get; init; }

    /// <summary>Whether weight decay applies to it: biases and normalizations are left out.</summary>
    public bool Decays => Role is not (ParameterRole.Scale or ParameterRole.Bias);

    /// <summary>What its learning rate is multiplied by: the ratio of widths and, where a base density is given, of densities.</summary>
    /// <param name="density">The share of its elements that are not pruned.</param>
    public double LearningRateRatio(double density) => WidthRatio * DensityRatio(density);

    /// <summary>Base density over density (arXiv 2405.15743); 1 without a base density, and for a weight of which nothing is left.</summary>
    internal double DensityRatio(double density) => BaseDensity is { } baseDensity && density > 0 ? baseDensity / density : 1;
}
