using System.Buffers;
using System.Text;
using SparseEngine.Configuration;

namespace SparseEngine.Data.Tokenizers;

/// <summary>Finds tokenizers by their names.</summary>
public static class Tokenizer
{
    /// <summary>Bytes of UTF-8: 256 ids, and 256 for the end.</summary>
    public const string Byte = "byte";

    /// <summary>Characters: ids in the order of their code points, the last one for the end. The vocabulary comes from the text.</summary>
    public const string Character = "char";

    /// <summary>GPT-2's byte-level BPE (r50k_base): 50,257 ids, 50256 for the end.</summary>
    public const string Gpt2 = "gpt2";

    /// <summary>What a tokenizer can be, for messages.</summary>
    internal const string Valid =
        "byte, char, gpt2, or a file: tokenizer.json (byte-level BPE), vocab.json with merges.txt beside it, or a vocab.json that prepare wrote";

    /// <summary>Opens a tokenizer.</summary>
    /// <param name="name">
    /// <c>byte</c>, <c>gpt2</c>, or a file: a Hugging Face tokenizer.json of a byte-level BPE; a vocab.json, with a merges.txt
    /// beside it for a byte-level BPE, else of characters as <c>prepare --tokenizer char</c> writes it.
    /// </param>
    /// <param name="endToken">
    /// The text of the token that ends a document, for a file that does not have one of the usual names; null to look for those.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// There is no such tokenizer, or it is <c>char</c>, whose vocabulary only a text or a file gives.
    /// </exception>
    /// <exception cref="DataException">The file is none of a tokenizer that is known here.</exception>
    public static ITokenizer Open(string name, string? endToken = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (endToken is not null && name is Byte or Character or Gpt2)
        {
            throw new ConfigurationException($"--end_token goes with a tokenizer's file; {name} has its own");
        }

        return name switch
        {
            Byte => new ByteTokenizer(),
            Gpt2 => Gpt2Tokenizer.Create(),
            Character => throw new ConfigurationException(
                "tokenizer \"char\" takes its vocabulary from a text; give the vocab.json that prepare wrote beside its data"),
            _ when File.Exists(name) => TokenizerFile.Open(name, endToken),
            _ => throw new ConfigurationException($"tokenizer \"{name}\" is no file; valid: {Valid}"),
        };
    }

    /// <summary>The text of some tokens; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string Decode(this ITokenizer tokenizer, IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(tokens);
        ArrayBufferWriter<byte> bytes = new();
        foreach (int token in tokens)
        {
            bytes.Write(tokenizer.Bytes(token));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
