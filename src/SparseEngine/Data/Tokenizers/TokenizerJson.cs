using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SparseEngine.Data.Tokenizers;

/// <summary>A Hugging Face tokenizer.json, where it describes a byte-level BPE; whatever would tokenize otherwise is an error.</summary>
/// <param name="path">The file, for errors.</param>
/// <param name="root">Its content.</param>
internal sealed class TokenizerJson(string path, JsonElement root)
{
    /// <summary>Makes its tokenizer.</summary>
    /// <exception cref="DataException">It is of another kind.</exception>
    public ITokenizer Create(string? endToken)
    {
        JsonElement model = root.GetProperty("model");
        Require(Text(model, "type") is null or "BPE", "model.type", model, "type", "BPE");
        RequireOff(model, "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback");

        // InvariantGlobalization has no Unicode normalization. Nearly all text is NFC already; the page on prepare says so.
        Require(Find(root, "normalizer") is not { } normalizer || Text(normalizer, "type") == "NFC", "normalizer", root, "normalizer", "null, NFC");

        Dictionary<string, int> ids = Find(model, "vocab") is { ValueKind: JsonValueKind.Object } vocabulary
            ? TokenizerFile.Vocabulary(path, vocabulary)
            : throw new DataException($"{path}: has no model.vocab; a BPE's is an object of tokens and their ids");
        MergeTable merges = Merges(model, ids);
        Dictionary<string, int> wholeWords = Find(model, "ignore_merges") is { ValueKind: JsonValueKind.True } ? WholeWords(ids) : [];
        WordSplitter[] splitters = Splitters();

        Dictionary<string, int> all = new(ids, StringComparer.Ordinal);
        Dictionary<string, int> added = [];
        foreach (AddedToken token in AddedTokens())
        {
            all[token.Content] = token.Id;
            if (!token.IsSpecial)
            {
                added[token.Content] = token.Id;
            }
        }

        // The end first: that there is one makes sure that there are tokens at all.
        int end = TokenizerFile.End(path, all, endToken);
        return new ByteLevelBpe(Path.GetFileName(path), TokenizerFile.Bytes(all), merges, end, splitters, [path], wholeWords, added);
    }

    private MergeTable Merges(JsonElement model, Dictionary<string, int> ids)
    {
        MergeTable merges = new();
        if (Find(model, "merges") is not { ValueKind: JsonValueKind.Array } list)
        {
            throw new DataException($"{path}: has no model.merges; a BPE's is a list");
        }

        int rank = 0;
        foreach (JsonElement merge in list.EnumerateArray())
        {
            // Older files have "a b", newer ones ["a", "b"].
            string?[] pair = merge.ValueKind switch
            {
                JsonValueKind.String => [.. merge.GetString()!.Split(' ')],
                JsonValueKind.Array => [.. merge.EnumerateArray().Select(part => part.ValueKind == JsonValueKind.String ? part.GetString() : null)],
                _ => [],
            };
            if (pair is not [{ Length: > 0 } left, { Length: > 0 } right])
            {
                throw new DataException($"{path}: merge {rank + 1} is {merge.GetRawText()}; valid: two tokens");
            }

            merges.Add(path, ids, left, right, rank++);
        }

        return merges;
    }

    /// <summary>The words of which the vocabulary has the whole, by their text.</summary>
    private static Dictionary<string, int> WholeWords(Dictionary<string, int> ids)
    {
        UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        Dictionary<string, int> words = new(StringComparer.Ordinal);
        foreach ((string token, int id) in ids)
        {
            try
            {
                words.TryAdd(strict.GetString(ByteAlphabet.Decode(token)), id);
            }
            catch (ArgumentException)
            {
                // Part of a character: no word is that.
            }
        }

        return words;
    }

    private WordSplitter[] Splitters()
    {
        const string Valid = "ByteLevel, or a Sequence of Split and ByteLevel";
        if (Find(root, "pre_tokenizer") is not { ValueKind: JsonValueKind.Object } outer)
        {
            throw new DataException($"{path}: has no pre_tokenizer; valid: {Valid}");
        }

        List<WordSplitter> splitters = [];
        bool byteLevel = false;
        JsonElement[] steps = Text(outer, "type") == "Sequence" && Find(outer, "pretokenizers") is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray()]
            : [outer];
        foreach (JsonElement step in steps)
        {
            switch (step.ValueKind == JsonValueKind.Object ? Text(step, "type") : null)
            {
                case "ByteLevel" when !byteLevel:
                    byteLevel = true;
                    RequireOff(step, "add_prefix_space");
                    if (Find(step, "use_regex") is not { ValueKind: JsonValueKind.False })
                    {
                        splitters.Add(WordSplitter.Gpt2);
                    }

                    break;
                case "Split" when !byteLevel:
                    splitters.Add(Split(step));
                    break;
                default:
                    throw new DataException($"{path}: the pre_tokenizer is {Shown(outer)}; valid: {Valid}");
            }
        }

        return byteLevel
            ? [.. splitters]
            : throw new DataException($"{path}: the pre_tokenizer is {Shown(outer)}, which is not byte-level; valid: {Valid}");
    }

    private WordSplitter Split(JsonElement step)
    {
        Require(Text(step, "behavior") == "Isolated", "pre_tokenizer Split.behavior", step, "behavior", "Isolated");
        RequireOff(step, "invert");
        JsonElement? pattern = Find(step, "pattern");
        string? expression = pattern is { ValueKind: JsonValueKind.Object }
            ? Text(pattern.Value, "Regex") ?? (Text(pattern.Value, "String") is { } text ? Regex.Escape(text) : null)
            : null;
        try
        {
            return WordSplitter.Matching(new Regex(
                expression ?? throw new DataException($"{path}: a Split of the pre_tokenizer has no pattern"),
                RegexOptions.Compiled | RegexOptions.CultureInvariant));
        }
        catch (ArgumentException exception)
        {
            throw new DataException($"{path}: the pattern of a Split cannot be used: {exception.Message}", exception);
        }
    }

    private IEnumerable<AddedToken> AddedTokens()
    {
        if (Find(root, "added_tokens") is not { ValueKind: JsonValueKind.Array } list)
        {
            yield break;
        }

        foreach (JsonElement token in list.EnumerateArray())
        {
            if (token.ValueKind != JsonValueKind.Object || Text(token, "content") is not { Length: > 0 } content
                || Find(token, "id") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt32(out int id)
                || id is < 0 or > TokenizerFile.LargestId)
            {
                throw new DataException($"{path}: an added token is {Shown(token)}; valid: an object with id and content");
            }

            bool special = Find(token, "special") is { ValueKind: JsonValueKind.True };
            if (!special)
            {
                RequireOff(token, "lstrip", "rstrip", "single_word");
            }

            yield return new AddedToken(content, id, special);
        }
    }

    private void RequireOff(JsonElement element, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            bool off = Find(element, key) is not { } value || value.ValueKind == JsonValueKind.False
                || (value.ValueKind == JsonValueKind.String && value.ValueEquals(""));
            Require(off, key, element, key, "nothing, or false");
        }
    }

    private void Require(bool holds, string name, JsonElement element, string key, string valid)
    {
        if (!holds)
        {
            throw new DataException($"{path}: {name} is {(Find(element, key) is { } value ? Shown(value) : "missing")}; valid: {valid}");
        }
    }

    private static JsonElement? Find(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static string? Text(JsonElement element, string key) =>
        Find(element, key) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static string Shown(JsonElement element)
    {
        const int Longest = 120;
        string text = element.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= Longest ? text : $"{text.AsSpan(0, Longest)}...";
    }

    private sealed record AddedToken(string Content, int Id, bool IsSpecial);
}
