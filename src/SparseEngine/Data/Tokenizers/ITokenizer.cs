namespace SparseEngine.Data.Tokenizers;

/// <summary>
/// Turns text into token ids and back. Every text can be encoded unless a vocabulary of characters lacks
/// one; all members may be used from several threads.
/// </summary>
public interface ITokenizer
{
    /// <summary>What <see cref="Tokenizer.Open"/> was asked for: a word, or the name of the tokenizer's file without its folder.</summary>
    string Name { get; }

    /// <summary>The number of ids: all are in [0, VocabularySize). A model's vocab_size is at least this.</summary>
    int VocabularySize { get; }

    /// <summary>The id that ends a document. No text is encoded to it.</summary>
    int EndToken { get; }

    /// <summary>Appends the ids of a text.</summary>
    /// <param name="text">Valid UTF-16. What looks like a special token in it is text like any other.</param>
    /// <param name="tokens">Receives the ids.</param>
    /// <exception cref="DataException">A character is outside the vocabulary.</exception>
    void Encode(ReadOnlySpan<char> text, List<int> tokens);

    /// <summary>
    /// The UTF-8 that a token stands for; it may begin or end within a character. Nothing for the end token and for ids without a token.
    /// </summary>
    /// <param name="token">In [0, VocabularySize).</param>
    ReadOnlySpan<byte> Bytes(int token);

    /// <summary>Writes the files, if it was made of any, from which <see cref="Tokenizer.Open"/> makes the same tokenizer.</summary>
    /// <param name="folder">An existing folder, which gets a file of the name <see cref="Name"/>.</param>
    void Save(string folder);
}
