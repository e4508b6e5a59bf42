using System.Text;

namespace SparseEngine.Data.Tokenizers;

/// <summary>The bytes of UTF-8 as tokens, and one more that ends a document.</summary>
internal sealed class ByteTokenizer : ITokenizer
{
    private const int Values = 256;

    private static readonly byte[] All = [.. Enumerable.Range(0, Values).Select(value => (byte)value)];

    public string Name => Tokenizer.Byte;

    public int VocabularySize => Values + 1;

    public int EndToken => Values;

    public void Encode(ReadOnlySpan<char> text, List<int> tokens)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        tokens.EnsureCapacity(tokens.Count + bytes.Length);
        foreach (byte value in bytes)
        {
            tokens.Add(value);
        }
    }

    public ReadOnlySpan<byte> Bytes(int token) => token == EndToken ? [] : All.AsSpan(token, 1);

    public void Save(string folder)
    {
        // Its name is enough.
    }
}
