using System.Collections.Immutable;
using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

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

    /// <summary>Bytes of its row pointers and columns; none where everything is kept, since such a weight is stored in full.</summary>
    public long PatternBytes => Kept == Total ? 0 : sizeof(int) * (Kept + Shape[0] + 1);
}
