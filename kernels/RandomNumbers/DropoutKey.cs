namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>
/// Names one dropout mask: the same key gives the same mask, in forward and backward, on every device, with any number of threads, and however the
/// batch is cut into parts.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The training step: what makes each step's mask its own.</param>
/// <param name="Site">The place in the model.</param>
public readonly record struct DropoutKey(uint Seed, ulong Step, uint Site)
{
    /// <summary>Where what is dropped from starts in the whole batch, in tokens.</summary>
    public long FirstToken { get; init; }

    /// <summary>Tokens of the whole batch, whose mask this is a part of; 0, unless it is set, for those of what is dropped from.</summary>
    public long Tokens { get; init; }

    /// <summary>Tokens of the whole batch, of which a part has <paramref name="part"/>.</summary>
    internal long TokensBeside(int part) => Tokens == 0 ? part : Tokens;

    /// <summary>Whether a part of so many tokens lies within the whole batch.</summary>
    internal bool Holds(int part) => FirstToken >= 0 && Tokens >= 0 && FirstToken <= TokensBeside(part) - part;
}
