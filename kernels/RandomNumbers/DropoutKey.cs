namespace SparseEngine.Kernels.RandomNumbers;

/// <summary>
/// Names one dropout mask: the same key gives the same mask, in forward and backward, on every device and with any number of threads.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The training step and micro-batch: what makes each pass's mask its own.</param>
/// <param name="Site">The place in the model.</param>
public readonly record struct DropoutKey(uint Seed, ulong Step, uint Site);
