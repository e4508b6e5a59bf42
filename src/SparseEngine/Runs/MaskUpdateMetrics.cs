using System.Collections.Immutable;

namespace SparseEngine.Runs;

/// <summary>What an update of the masks did, as it goes into metrics.jsonl.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Weights">The weights whose masks could change, in parameter order.</param>
public sealed record MaskUpdateMetrics(int Step, ImmutableArray<WeightMaskMetrics> Weights)
{
    /// <summary>What all weights together are called beside the weights' names.</summary>
    internal const string TotalName = "total";

    /// <summary>Floating-point operations of the dense gradients that the update needed, which are part of its step's.</summary>
    public double DenseGradientFlops { get; init; }

    /// <summary>All of these weights together.</summary>
    public WeightMaskMetrics Total => new(
        TotalName, Weights.Sum(weight => weight.Elements), Weights.Sum(weight => weight.Alive), Weights.Sum(weight => weight.Grown),
        Weights.Sum(weight => weight.Dropped), Weights.Sum(weight => weight.EverAlive));
}

/// <summary>The mask of one weight after an update.</summary>
/// <param name="Name">The weight's name.</param>
/// <param name="Elements">Its elements.</param>
/// <param name="Alive">Those that are alive.</param>
/// <param name="Grown">Those that were dead before the update.</param>
/// <param name="Dropped">Those that died in the update.</param>
/// <param name="EverAlive">Those that were alive at any time of the run.</param>
public sealed record WeightMaskMetrics(string Name, long Elements, long Alive, long Grown, long Dropped, long EverAlive)
{
    /// <summary>Those that were alive before the update.</summary>
    public long AliveBefore => Alive - Grown + Dropped;

    /// <summary>
    /// The share that moved: of those that were alive before the update what died, or came alive where that is more; 1 where nothing was alive and
    /// something is.
    /// </summary>
    public double Moved => Math.Max(Grown, Dropped) is var moved && moved == 0 ? 0 : AliveBefore == 0 ? 1 : (double)moved / AliveBefore;

    /// <summary>The share of zeros.</summary>
    public double Sparsity => Elements == 0 ? 0 : 1 - ((double)Alive / Elements);

    /// <summary>The share that was alive at any time: in-time over-parameterization (Liu et al., 2021, arXiv 2102.02887).</summary>
    public double Explored => Elements == 0 ? 0 : (double)EverAlive / Elements;
}
