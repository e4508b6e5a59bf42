using System.Collections;
using System.Text;

namespace SparseEngine.Data.Preparation;

/// <summary>What has to be known of all texts before the first can be tokenized: their characters, and their length.</summary>
internal sealed class TextSurvey
{
    private const int CodePoints = 0x110000;

    private readonly BitArray characters = new(CodePoints);

    /// <summary>The length of all texts in UTF-16 units.</summary>
    public long Length { get; private set; }

    /// <summary>The characters that occur, in the order of their code points.</summary>
    public IReadOnlyList<Rune> Characters => [.. Enumerable.Range(0, CodePoints).Where(value => characters[value]).Select(value => new Rune(value))];

    /// <summary>Surveys some pieces.</summary>
    /// <exception cref="DataException">A line of JSONL is not one.</exception>
    public static TextSurvey Of(IReadOnlyList<Piece> batch, string jsonlKey)
    {
        TextSurvey survey = new();
        foreach (Piece piece in batch)
        {
            string text = piece.Text(jsonlKey);
            survey.Length += text.Length;
            foreach (Rune character in text.EnumerateRunes())
            {
                survey.characters[character.Value] = true;
            }
        }

        return survey;
    }

    /// <summary>Adds what another found.</summary>
    public void Add(TextSurvey other)
    {
        Length += other.Length;
        characters.Or(other.characters);
    }
}
