using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SparseEngine.Data.Tokenizers;

/// <summary>Cuts text into the words within which byte pair encoding merges.</summary>
internal abstract class WordSplitter
{
    /// <summary>GPT-2's words: <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.</summary>
    public static WordSplitter Gpt2 { get; } = new Gpt2Words();

    /// <summary>The words that a regular expression matches, and what lies between them.</summary>
    public static WordSplitter Matching(Regex pattern) => new Matches(pattern);

    /// <summary>The length of the first word of a text that is not empty.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="start">Where the word begins.</param>
    public abstract int WordLength(ReadOnlySpan<char> text, int start);

    private sealed class Matches(Regex pattern) : WordSplitter
    {
        public override int WordLength(ReadOnlySpan<char> text, int start)
        {
            foreach (ValueMatch match in pattern.EnumerateMatches(text, start))
            {
                if (match.Length > 0)
                {
                    return match.Index > start ? match.Index - start : match.Length;
                }
            }

            return text.Length - start;
        }
    }

    /// <summary>
    /// By hand: it knows letters outside the basic plane, which .NET's regular expressions see as two unknown halves, and is faster.
    /// </summary>
    private sealed class Gpt2Words : WordSplitter
    {
        private enum Kind
        {
            Space,
            Letter,
            Number,
            Other,
        }

        public override int WordLength(ReadOnlySpan<char> text, int start)
        {
            ReadOnlySpan<char> rest = text[start..];
            if (ContractionLength(rest) is > 0 and int contraction)
            {
                return contraction;
            }

            int space = rest[0] == ' ' && rest.Length > 1 ? 1 : 0;
            Kind kind = KindAt(rest[space..], out int length);
            if (kind != Kind.Space)
            {
                return space + RunLength(rest[space..], kind, length);
            }

            // All white space, less the last one before a word: it goes with the word, or is one of its own.
            int run = RunLength(rest, Kind.Space, 1);
            return run == rest.Length || run == 1 ? run : run - 1;
        }

        private static int ContractionLength(ReadOnlySpan<char> text) => text switch
        {
            ['\'', 's' or 't' or 'm' or 'd', ..] => 2,
            ['\'', 'r', 'e', ..] or ['\'', 'v', 'e', ..] or ['\'', 'l', 'l', ..] => 3,
            _ => 0,
        };

        /// <summary>The length of the run of one kind, of which the first <paramref name="length"/> places are known.</summary>
        private static int RunLength(ReadOnlySpan<char> text, Kind kind, int length)
        {
            while (length < text.Length && KindAt(text[length..], out int more) == kind)
            {
                length += more;
            }

            return length;
        }

        private static Kind KindAt(ReadOnlySpan<char> text, out int length)
        {
            Rune.DecodeFromUtf16(text, out Rune character, out length);
            return Rune.GetUnicodeCategory(character) switch
            {
                UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                    or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
                _ when Rune.IsWhiteSpace(character) => Kind.Space,
                _ => Kind.Other,
            };
        }
    }
}
