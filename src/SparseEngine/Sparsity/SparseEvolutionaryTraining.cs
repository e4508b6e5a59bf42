using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>Drops the smallest and grows at random (Mocanu et al., 2018, arXiv 1707.04780).</summary>
internal sealed class SparseEvolutionaryTraining : ISparsityAlgorithm
{
    /// <inheritdoc/>
    public bool NeedsDenseGradient => false;

    /// <inheritdoc/>
    public MaskUpdate Update(WeightSparsity weight, int step) => new(
        1 - weight.Dynamic!.DropFractionAt(step), checked((int)weight.PartKept), MaskGrowth.Random, new Pcg64([weight.Seed, step]),
        MaskSelector.GroupsOf(weight));
}
