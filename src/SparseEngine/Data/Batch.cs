namespace SparseEngine.Data;

/// <summary>The samples of one step, reused from step to step. Token b x sequence + s is position s of sample b.</summary>
internal sealed class Batch
{
    /// <summary>Allocates a batch.</summary>
    /// <param name="size">Samples.</param>
    /// <param name="sequenceLength">Tokens in a sample.</param>
    public Batch(int size, int sequenceLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        Size = size;
        SequenceLength = sequenceLength;
        InputIds = new int[checked(size * sequenceLength)];
        Mask = new int[InputIds.Length];
        Labels = new int[InputIds.Length];
    }

    /// <summary>Samples.</summary>
    public int Size { get; }

    /// <summary>Tokens in a sample.</summary>
    public int SequenceLength { get; }

    /// <summary>Token ids [size x sequence].</summary>
    public int[] InputIds { get; }

    /// <summary>1 where the label counts, else 0 [size x sequence].</summary>
    public int[] Mask { get; }

    /// <summary>The token that follows each position [size x sequence].</summary>
    public int[] Labels { get; }

    /// <summary>The number of labels that count.</summary>
    public long CountedLabels()
    {
        long counted = 0;
        foreach (int mask in Mask)
        {
            counted += mask;
        }

        return counted;
    }
}
