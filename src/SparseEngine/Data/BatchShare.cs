namespace SparseEngine.Data;

/// <summary>The part of each batch that one of several loads: as many samples as each other's, in the order of the batch.</summary>
/// <param name="Index">Which of them, from 0.</param>
/// <param name="Count">How many there are.</param>
internal readonly record struct BatchShare(int Index, int Count)
{
    /// <summary>Whole batches.</summary>
    public static BatchShare Whole { get; } = new(0, 1);

    /// <summary>Samples of a share.</summary>
    /// <exception cref="ArgumentException">The batch does not divide.</exception>
    public int SizeOf(int batchSize) => batchSize % Count == 0
        ? batchSize / Count
        : throw new ArgumentException($"a batch of {batchSize} does not divide into {Count} shares", nameof(batchSize));

    /// <summary>The place of the share's first sample in its batch.</summary>
    public int FirstOf(int batchSize) => Index * SizeOf(batchSize);
}
