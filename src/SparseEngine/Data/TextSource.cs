namespace SparseEngine.Data;

/// <summary>Text as bytes: sample i is the bytes [i s, (i + 1) s) with s the sequence length, its labels the bytes one further on.</summary>
internal sealed class TextSource : ISampleSource
{
    private readonly ReadOnlyMemory<byte> text;

    /// <summary>Takes a text.</summary>
    /// <param name="name">What the text is, for errors.</param>
    /// <param name="text">Its bytes.</param>
    /// <param name="split">Which part of the whole it is, for errors.</param>
    /// <param name="sequenceLength">Tokens in a sample.</param>
    /// <param name="vocabularySize">The model's vocabulary.</param>
    /// <exception cref="DataException">It is too short for one sample, or has a byte outside the vocabulary.</exception>
    public TextSource(string name, ReadOnlyMemory<byte> text, DataSplit split, int sequenceLength, int vocabularySize)
    {
        this.text = text;
        SequenceLength = sequenceLength;
        Count = Math.Max(0, text.Length - 1) / sequenceLength;
        if (Count == 0)
        {
            throw new DataException(
                $"{name}: the {(split == DataSplit.Training ? "training" : "validation")} part has {Counted.Of(text.Length, "byte")}; "
                + $"one sample of max_sequence_length {sequenceLength} needs {sequenceLength + 1}");
        }

        int outside = vocabularySize < 256 ? text.Span.IndexOfAnyInRange((byte)vocabularySize, byte.MaxValue) : -1;
        if (outside >= 0)
        {
            throw new DataException(
                $"{name}: byte {outside} is {text.Span[outside]}, outside model.vocab_size {vocabularySize}; 256 holds every byte");
        }
    }

    public int Count { get; }

    public int SequenceLength { get; }

    public void Read(int index, Span<int> inputIds, Span<int> mask, Span<int> labels)
    {
        ReadOnlySpan<byte> bytes = text.Span.Slice(index * SequenceLength, SequenceLength + 1);
        for (int i = 0; i < SequenceLength; i++)
        {
            inputIds[i] = bytes[i];
            labels[i] = bytes[i + 1];
        }

        mask.Fill(1);
    }

    public void Dispose()
    {
    }
}
