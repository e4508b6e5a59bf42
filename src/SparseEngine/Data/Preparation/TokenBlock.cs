namespace SparseEngine.Data.Preparation;

/// <summary>
/// The tokens of one HDF5 file: sample i is the tokens [i s, (i + 1) s) with s the sequence length, its labels the tokens one further on.
/// </summary>
/// <param name="Split">The part of the data set.</param>
/// <param name="Index">The number of the file in its part, from 0.</param>
/// <param name="Tokens">The tokens: of the last sample there may be fewer than a whole one has.</param>
/// <param name="SequenceLength">Tokens in a sample.</param>
internal sealed record TokenBlock(DataSplit Split, int Index, ReadOnlyMemory<int> Tokens, int SequenceLength)
{
    /// <summary>The samples: each token but the first is a label once.</summary>
    public int Samples => (Tokens.Length - 1 + SequenceLength - 1) / SequenceLength;
}
