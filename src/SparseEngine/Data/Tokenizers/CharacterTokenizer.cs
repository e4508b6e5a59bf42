using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SparseEngine.Data.Tokenizers;

/// <summary>Characters (Unicode scalar values) as tokens, in the order of their code points, and one more that ends a document.</summary>
internal sealed class CharacterTokenizer : ITokenizer
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    private readonly Dictionary<Rune, int> ids;
    private readonly byte[][] bytes;

    /// <summary>Takes a vocabulary.</summary>
    /// <param name="name">The name of its file.</param>
    /// <param name="characters">The characters of the ids from 0.</param>
    public CharacterTokenizer(string name, IReadOnlyList<Rune> characters)
    {
        Name = name;
        ids = characters.Index().ToDictionary(character => character.Item, character => character.Index);
        bytes = [.. characters.Select(character => Encoding.UTF8.GetBytes(character.ToString()))];
    }

    public string Name { get; }

    public int VocabularySize => bytes.Length + 1;

    public int EndToken => bytes.Length;

    public void Encode(ReadOnlySpan<char> text, List<int> tokens)
    {
        foreach (Rune character in text.EnumerateRunes())
        {
            tokens.Add(ids.TryGetValue(character, out int id)
                ? id
                : throw new DataException(
                    $"the character \"{character}\" (U+{character.Value:X4}) is not among the {bytes.Length} of the vocabulary {Name}"));
        }
    }

    public ReadOnlySpan<byte> Bytes(int token) => token == EndToken ? [] : bytes[token];

    public void Save(string folder)
    {
        Dictionary<string, int> vocabulary = bytes.Index().ToDictionary(entry => Encoding.UTF8.GetString(entry.Item), entry => entry.Index);
        vocabulary.Add(TokenizerFile.EndOfText, EndToken);
        File.WriteAllText(Path.Combine(folder, Name), JsonSerializer.Serialize(vocabulary, Readable));
    }
}
