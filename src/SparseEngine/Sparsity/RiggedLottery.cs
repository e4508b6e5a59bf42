using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>Drops the smallest and grows where the loss falls most steeply (Evci et al., 2020, arXiv 1911.11134).</summary>
internal sealed class RiggedLottery : ISparsityAlgorithm
{
    /// <inheritdoc/>
    public bool NeedsDenseGradient => true;

    /// <inheritdoc/>
    public MaskUpdate Update(WeightSparsity weight, int step) => new(
        1 - weight.Dynamic!.DropFractionAt(step), checked((int)weight.PartKept), MaskGrowth.Gradient, default, MaskSelector.GroupsOf(weight));
}
