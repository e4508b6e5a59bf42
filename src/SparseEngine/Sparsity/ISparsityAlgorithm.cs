using SparseEngine.Configuration;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>How masks change during training: which living weights stay, and by what those are chosen that join them.</summary>
internal interface ISparsityAlgorithm
{
    /// <summary>Whether it goes by the gradients of all elements, of dead ones too.</summary>
    bool NeedsDenseGradient { get; }

    /// <summary>The update of one weight's mask.</summary>
    /// <param name="weight">The weight as it is to be after the update; its mask changes.</param>
    /// <param name="step">Optimizer steps done.</param>
    MaskUpdate Update(WeightSparsity weight, int step);
}

/// <summary>The algorithms by their names in the YAML.</summary>
internal static class SparsityAlgorithms
{
    /// <summary>The algorithm of a name; static sparsity has none.</summary>
    public static ISparsityAlgorithm Of(SparsityAlgorithm name) => name switch
    {
        SparsityAlgorithm.Gmp => new GradualMagnitudePruning(),
        SparsityAlgorithm.Set => new SparseEvolutionaryTraining(),
        SparsityAlgorithm.RigL => new RiggedLottery(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "masks do not change"),
    };
}
