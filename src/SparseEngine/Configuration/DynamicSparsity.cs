namespace SparseEngine.Configuration;

/// <summary>How the masks of a group of weights change during training.</summary>
/// <param name="Algorithm">What decides which weights live; not <see cref="SparsityAlgorithm.Static"/>.</param>
/// <param name="Level">The share of zeros; clamped to [0, 1].</param>
/// <param name="Updates">When masks change.</param>
/// <param name="DropFraction">The share of living weights that SET and RigL drop at each update.</param>
public sealed record DynamicSparsity(
    SparsityAlgorithm Algorithm, HyperparameterSchedule Level, UpdateSchedule Updates, HyperparameterSchedule DropFraction)
{
    /// <summary>drop_fraction where it is not given.</summary>
    public static HyperparameterSchedule DefaultDropFraction { get; } = new ConstantValue(0.3);

    /// <summary>Whether masks change after a number of optimizer steps; the choice of the first masks, at step 0, is no change.</summary>
    public bool ChangesAfter(int step) => step > 0 && Updates.Contains(step);

    /// <summary>Whether masks have not been chosen yet after a number of optimizer steps: weights are dense until their first update.</summary>
    public bool IsDenseAfter(int step) => Updates.LastUntil(step) is null;

    /// <summary>The share of zeros after a number of steps: that of the last update, 0 before the first.</summary>
    public double LevelAfter(int step) => Updates.LastUntil(step) is { } update ? Math.Clamp(Value(Level, update), 0, 1) : 0;

    /// <summary>The share of living weights that the update after a step drops.</summary>
    public double DropFractionAt(int step) => Math.Clamp(Value(DropFraction, step), 0, 1);

    private double Value(HyperparameterSchedule schedule, int update) => schedule.At(update, Updates.CountBefore(update));
}

/// <summary>The algorithm key (type, before Model Zoo 2.2).</summary>
public enum SparsityAlgorithm
{
    /// <summary>Masks never change.</summary>
    Static,

    /// <summary>
    /// Gradual magnitude pruning: ever fewer weights live, those of the largest magnitudes (Zhu and Gupta, 2017, arXiv 1710.01878).
    /// </summary>
    Gmp,

    /// <summary>Sparse evolutionary training: small weights die, random ones live (Mocanu et al., 2018, arXiv 1707.04780).</summary>
    Set,

    /// <summary>The rigged lottery: small weights die, those with the largest gradients live (Evci et al., 2020, arXiv 1911.11134).</summary>
    RigL,
}
