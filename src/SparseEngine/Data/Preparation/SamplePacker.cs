using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace SparseEngine.Data.Preparation;

/// <summary>
/// Joins the documents of one part to one row of tokens and cuts it into files. The last token of a file is the
/// first of the next, so that each token is a label once.
/// </summary>
/// <param name="split">The part.</param>
/// <param name="sequenceLength">Tokens in a sample.</param>
/// <param name="samplesPerFile">Samples in a file.</param>
internal sealed class SamplePacker(DataSplit split, int sequenceLength, int samplesPerFile)
{
    private readonly int tokensPerFile = (sequenceLength * samplesPerFile) + 1;
    private readonly ConcurrentBag<int[]> spare = [];
    private int[] buffer = [];
    private int filled;

    /// <summary>Documents so far.</summary>
    public long Documents { get; private set; }

    /// <summary>Their tokens.</summary>
    public long Tokens { get; private set; }

    /// <summary>Samples given so far.</summary>
    public long Samples { get; private set; }

    /// <summary>Files given so far.</summary>
    public int Files { get; private set; }

    /// <summary>Takes the tokens of some documents, or parts of them, and gives the files that they fill.</summary>
    public IEnumerable<TokenBlock> Add(EncodedPart part)
    {
        Documents += part.Documents;
        Tokens += part.Tokens.Count;
        int taken = 0;
        while (taken < part.Tokens.Count)
        {
            int count = Math.Min(part.Tokens.Count - taken, tokensPerFile - filled);
            if (filled + count > buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(tokensPerFile, Math.Max(2L * buffer.Length, filled + count)));
            }

            part.Tokens.CopyTo(taken, buffer, filled, count);
            taken += count;
            filled += count;
            if (filled == tokensPerFile)
            {
                int last = buffer[^1];
                yield return Take();
                buffer = spare.TryTake(out int[]? used) ? used : new int[tokensPerFile];
                buffer[0] = last;
                filled = 1;
            }
        }
    }

    /// <summary>Gives the file of what is left, if that has a label.</summary>
    public IEnumerable<TokenBlock> Finish() => filled > 1 ? [Take()] : [];

    /// <summary>Takes back the memory of a file that has been written, for another.</summary>
    public void Reuse(TokenBlock block)
    {
        if (MemoryMarshal.TryGetArray(block.Tokens, out ArraySegment<int> tokens) && tokens.Array is { } array && array.Length == tokensPerFile)
        {
            spare.Add(array);
        }
    }

    private TokenBlock Take()
    {
        TokenBlock block = new(split, Files++, buffer.AsMemory(0, filled), sequenceLength);
        Samples += block.Samples;
        return block;
    }
}
