using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Models;

/// <summary>Collects a model's parameters in the order in which its parts declare them: that of PyTorch's <c>named_parameters()</c>.</summary>
internal sealed class ParameterList
{
    private readonly ImmutableArray<ParameterDefinition>.Builder parameters = ImmutableArray.CreateBuilder<ParameterDefinition>();

    /// <summary>The decoder layer whose parameters come next; null outside of layers.</summary>
    public int? Layer { get; set; }

    /// <summary>Adds a parameter.</summary>
    public void Add(string name, ParameterRole role, InitializerParameters initializer, params ReadOnlySpan<int> shape) =>
        parameters.Add(new ParameterDefinition(name, [.. shape], role, Layer, initializer));

    /// <summary>Adds a weight that has a learning rate of its own.</summary>
    public void AddScaled(string name, ParameterRole role, WeightScaling scaling, params ReadOnlySpan<int> shape) => parameters.Add(
        new ParameterDefinition(name, [.. shape], role, Layer, scaling.Initializer) { WidthRatio = scaling.WidthRatio });

    /// <summary>All of them, in order.</summary>
    public ImmutableArray<ParameterDefinition> ToImmutable() => parameters.ToImmutable();
}
