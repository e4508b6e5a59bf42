using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>How one weight is made sparse.</summary>
/// <param name="Index">Its index in named_parameters() order.</param>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Sparsity">The share of zeros asked for.</param>
/// <param name="Method">How the kept weights are chosen.</param>
/// <param name="BaseSeed">Its group's seed.</param>
/// <param name="Kept">The number of kept elements: total - round_half_to_even(sparsity x total), or what the method or its blocks come to.</param>
public sealed record WeightSparsity(
    int Index, string Name, ImmutableArray<int> Shape, double Sparsity, SparsityMethod Method, long BaseSeed, long Kept)
{
    /// <summary>The seed of its draws: its group's seed plus its index.</summary>
    public long Seed => BaseSeed + Index;

    /// <summary>The number of elements.</summary>
    public long Total => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>The first dimension: output features.</summary>
    public int Rows => Shape[0];

    /// <summary>The others: input features.</summary>
    public int Columns => Shape[0] == 0 ? 0 : (int)(Total / Shape[0]);

    /// <summary>Parts of it of which the same number is kept; null for none.</summary>
    public SparsityBalance? Balance { get; init; }

    /// <summary>The rows of a block that is kept or dropped as one, a divisor of <see cref="Rows"/>; 1 where each element is for itself.</summary>
    public int BlockRows { get; init; } = 1;

    /// <summary>How its mask changes; null where it does not. Then <see cref="Sparsity"/> and <see cref="Kept"/> are those of one step.</summary>
    public DynamicSparsity? Dynamic { get; init; }

    /// <summary>The number of elements that its first mask kept, where only the weight itself could tell; null where the level says it.</summary>
    public long? FirstKept { get; init; }

    /// <summary>The density that sparse muP's ratios start from; null where density does not change learning rates and initial deviations.</summary>
    public double? MupBaseDensity { get; init; }

    /// <summary>The share of its elements that is kept.</summary>
    public double Density => (double)Kept / Total;

    /// <summary>Elements of each part, or of the whole.</summary>
    public long PartTotal => Total / (Balance?.Groups ?? 1);

    /// <summary>The number of elements kept of each part, or of the whole.</summary>
    public long PartKept => Kept / (Balance?.Groups ?? 1);

    /// <summary>The same weight after a number of optimizer steps, as its schedule says.</summary>
    /// <param name="step">Optimizer steps done.</param>
    public WeightSparsity After(int step)
    {
        if (Dynamic is null)
        {
            return this;
        }

        // The first mask, chosen before the first step, is the method's; every later one has the level's number.
        double level = Dynamic.LevelAfter(step);
        bool isFirst = Dynamic.Updates.LastUntil(step) is 0;
        long kept = !isFirst ? KeptAt(level) : FirstKept ?? MaskSelector.KeptCount(this with { Sparsity = level });
        return this with { Sparsity = level, Kept = kept };
    }

    /// <summary>The number of elements kept at a level, by balanced selection and in whole blocks.</summary>
    public long KeptAt(double level) => MaskSelector.KeptCount(PartTotal / BlockRows, level) * BlockRows * (Balance?.Groups ?? 1);

    /// <summary>Bytes of its row pointers and columns; none where everything is kept, since such a weight is stored in full.</summary>
    public long PatternBytes => Kept == Total ? 0 : CsrPattern.BytesOf(Shape[0], Shape[1], Kept);
}
