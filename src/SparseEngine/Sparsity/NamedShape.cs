using System.Collections.Immutable;

namespace SparseEngine.Sparsity;

/// <summary>A tensor's name and shape.</summary>
/// <param name="Name">The checkpoint's name of it.</param>
/// <param name="Shape">Its dimensions: [out, in] for a weight, [features] for a bias or norm.</param>
public record NamedShape(string Name, ImmutableArray<int> Shape)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>
    /// Whether a sparsity section may apply to it. A tensor of which no more is known than this may be anything; a model knows better.
    /// </summary>
    public virtual bool CanBeSparse => true;
}
