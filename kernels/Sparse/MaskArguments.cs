using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>What the elements of a weight are ranked by where some of them are to go.</summary>
public enum MaskScore
{
    /// <summary>A random draw.</summary>
    Random,

    /// <summary>The magnitude.</summary>
    Magnitude,
}

/// <summary>How the kept elements of one weight are chosen.</summary>
/// <param name="Score">What they are ranked by.</param>
/// <param name="Generator">Where draws come from: a generator as it was seeded.</param>
/// <param name="Kept">The number of elements that stay.</param>
public readonly record struct MaskArguments(MaskScore Score, Pcg64 Generator, int Kept);
