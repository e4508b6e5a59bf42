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

    /// <summary>Whether weight decay applies to it: biases and normalizations are left out.</summary>
    public bool Decays => Role is not (ParameterRole.Scale or ParameterRole.Bias);
}
