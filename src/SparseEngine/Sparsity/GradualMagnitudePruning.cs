using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>
/// Keeps the largest of those alive, ever fewer (Zhu and Gupta, 2017, arXiv 1710.01878). A level that falls revives the lowest indices.
/// </summary>
internal sealed class GradualMagnitudePruning : ISparsityAlgorithm
{
    /// <inheritdoc/>
    public bool NeedsDenseGradient => false;

    /// <inheritdoc/>
    public MaskUpdate Update(WeightSparsity weight, int step) =>
        new(StayingShare: 1, checked((int)weight.PartKept), MaskGrowth.Lowest, default, MaskSelector.GroupsOf(weight));
}
