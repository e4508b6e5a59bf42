using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

/// <summary>A model parameter's name and shape, in named_parameters() order.</summary>
/// <param name="Name">The checkpoint's name of it.</param>
/// <param name="Shape">Its dimensions: [out, in] for a weight, [features] for a bias or norm.</param>
public sealed record NamedShape(string Name, ImmutableArray<int> Shape)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);
}

/// <summary>How one weight is made sparse.</summary>
/// <param name="Index">Its index in named_parameters() order.</param>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Sparsity">The share of zeros asked for.</param>
/// <param name="Method">How the kept weights are chosen.</param>
/// <param name="BaseSeed">Its group's seed.</param>
/// <param name="Kept">The number of kept elements: total - round_half_to_even(sparsity x total).</param>
public sealed record WeightSparsity(
    int Index, string Name, ImmutableArray<int> Shape, double Sparsity, SparsityMethod Method, long BaseSeed, long Kept)
{
    /// <summary>The seed of its draws: its group's seed plus its index.</summary>
    public long Seed => BaseSeed + Index;

    /// <summary>The number of elements.</summary>
    public long Total => Shape.Aggregate(1L, (product, dimension) => product * dimension);
}

/// <summary>Which weights of a model are made sparse and how: the sparsity section applied to a list of parameters.</summary>
/// <param name="Weights">The sparse weights, in parameter order.</param>
/// <param name="Warnings">Patterns that match nothing, weights of which nothing is kept.</param>
public sealed record SparsityPlan(ImmutableArray<WeightSparsity> Weights, ImmutableArray<string> Warnings)
{
    /// <summary>The plan of a dense model.</summary>
    public static SparsityPlan Dense { get; } = new([], []);
}
