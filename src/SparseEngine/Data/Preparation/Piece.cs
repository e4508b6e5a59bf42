using System.Text.Json;

namespace SparseEngine.Data.Preparation;

/// <summary>A document, or a part of a long one.</summary>
/// <param name="File">Where it is from.</param>
/// <param name="Line">Its line of JSONL, from 1; 0 for plain text.</param>
/// <param name="Content">Its text, or the line that holds it.</param>
/// <param name="Split">The part of the data set that its document belongs to.</param>
/// <param name="Starts">Whether its document begins here.</param>
/// <param name="Ends">Whether its document ends here.</param>
internal sealed record Piece(InputFile File, long Line, string Content, DataSplit Split, bool Starts, bool Ends)
{
    /// <summary>The place, for errors.</summary>
    public string Place => Line > 0 ? $"{File.Path}:{Line}" : File.Path;

    /// <summary>Its text.</summary>
    /// <param name="jsonlKey">The key of the text in a line of JSONL.</param>
    /// <exception cref="DataException">The line is not a JSON object with a text of that key.</exception>
    public string Text(string jsonlKey)
    {
        if (Line == 0)
        {
            return Content;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(Content);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new DataException($"{Place}: is not a JSON object; valid: {{\"{jsonlKey}\": \"...\"}}");
            }

            if (!root.TryGetProperty(jsonlKey, out JsonElement value))
            {
                string keys = string.Join(", ", root.EnumerateObject().Select(property => property.Name));
                throw new DataException(
                    $"{Place}: has no key \"{jsonlKey}\"; it has: {(keys.Length > 0 ? keys : "none")}. --jsonl_key names the text's");
            }

            return value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new DataException($"{Place}: \"{jsonlKey}\" is {value.ValueKind.ToString().ToLowerInvariant()}; valid: a string");
        }
        catch (JsonException exception)
        {
            throw new DataException($"{Place}: is not JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // Half of a surrogate pair, as an escape: JSON allows it, UTF-8 does not.
            throw new DataException($"{Place}: \"{jsonlKey}\" has an incomplete \\u escape of two", exception);
        }
    }
}
