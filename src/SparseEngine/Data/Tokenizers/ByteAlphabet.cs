using System.Text;

namespace SparseEngine.Data.Tokenizers;

/// <summary>The characters by which GPT-2's vocabulary files write bytes: printable Latin-1 as it is, the others from U+0100 on.</summary>
internal static class ByteAlphabet
{
    private static readonly Dictionary<char, byte> Values = Create();

    /// <summary>The bytes that a token of a file stands for; a token with other characters, such as an added one, stands for its UTF-8.</summary>
    public static byte[] Decode(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!Values.TryGetValue(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private static Dictionary<char, byte> Create()
    {
        Dictionary<char, byte> values = [];
        char unprintable = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            values.Add(printable ? (char)value : unprintable++, (byte)value);
        }

        return values;
    }
}
