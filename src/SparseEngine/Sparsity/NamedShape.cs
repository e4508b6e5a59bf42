using System.Collections.Immutable;

namespace SparseEngine.Sparsity;

/// <summary>A model parameter's name and shape, in named_parameters() order.</summary>
/// <param name="Name">The checkpoint's name of it.</param>
/// <param name="Shape">Its dimensions: [out, in] for a weight, [features] for a bias or norm.</param>
public sealed record NamedShape(string Name, ImmutableArray<int> Shape)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Whether it is the weight of a linear layer, which is what can be stored and computed sparsely; tables of embeddings are not.</summary>
    public bool IsLinearWeight => Shape.Length == 2 && !Name.Contains("embedding", StringComparison.OrdinalIgnoreCase);
}
