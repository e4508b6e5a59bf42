using System.Collections.Immutable;

namespace SparseEngine.Runs;

/// <summary>What an update of the masks did, as it goes into metrics.jsonl.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Weights">The weights whose masks could change, in parameter order.</param>
public sealed record MaskUpdateMetrics(int Step, ImmutableArray<WeightMaskMetrics> Weights)
{
    /// <summary>All of these weights together.</summary>
    public WeightMaskMetrics Total => new(
        "total", Weights.Sum(weight => weight.Elements), Weights.Sum(weight => weight.Alive), Weights.Sum(weight => weight.Grown),
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
    /// <summary>The share of zeros.</summary>
    public double Sparsity => Elements == 0 ? 0 : 1 - ((double)Alive / Elements);

    /// <summary>The share that was alive at any time: in-time over-parameterization (Liu et al., 2021, arXiv 2102.02887).</summary>
    public double Explored => Elements == 0 ? 0 : (double)EverAlive / Elements;
}
