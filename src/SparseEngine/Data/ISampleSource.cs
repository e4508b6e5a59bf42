namespace SparseEngine.Data;

/// <summary>Training or validation samples: sequences of token ids with their labels and loss mask.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>The number of samples.</summary>
    int Count { get; }

    /// <summary>Tokens in each sample.</summary>
    int SequenceLength { get; }

    /// <summary>Reads one sample. Each span has <see cref="SequenceLength"/> elements.</summary>
    /// <param name="index">Which one, from 0, in the order of the files.</param>
    /// <param name="inputIds">Receives the token ids.</param>
    /// <param name="mask">Receives 1 where the label counts, else 0.</param>
    /// <param name="labels">Receives the label of each position: the next token.</param>
    /// <exception cref="DataException">The file cannot be read.</exception>
    void Read(int index, Span<int> inputIds, Span<int> mask, Span<int> labels);

    /// <summary>Where a sample is, for messages: its file, where it is of one, and its index there.</summary>
    (string? File, int Sample) PlaceOf(int index) => (null, index);
}

/// <summary>The data cannot be used: one line naming the file and what is wrong.</summary>
public sealed class DataException : Exception
{
    /// <summary>Creates the error.</summary>
    public DataException(string message, Exception? inner = null)
        : base(OneLine.Of(message), inner)
    {
    }
}
