using System.Text.Json;

namespace SparseEngine.Checkpoints;

/// <summary>The JSON files beside weights: UTF-8, with a byte-order mark or without.</summary>
internal static class JsonFile
{
    /// <summary>What a text file may begin with, and JSON may not.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a file that holds one JSON object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it is to be, for errors: "a model's config".</param>
    /// <param name="largest">The bytes that it may have: parsed, JSON takes many times its size.</param>
    /// <exception cref="CheckpointException">It is too large or is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static JsonDocument Read(string path, string what, long largest)
    {
        if (new FileInfo(path) is { Exists: true } file && file.Length > largest)
        {
            throw new CheckpointException($"{path}: is not {what}: it has more than {largest} bytes");
        }

        ReadOnlyMemory<byte> json = File.ReadAllBytes(path);
        if (json.Span.StartsWith(ByteOrderMark))
        {
            json = json[ByteOrderMark.Length..];
        }

        try
        {
            JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new CheckpointException($"{path}: is not {what}: it is not a JSON object");
        }
        catch (JsonException exception)
        {
            string found = ForeignFile.Describe(path) is { } foreign ? $" but {foreign}" : ": it is not valid JSON";
            throw new CheckpointException($"{path}: is not {what}{found}", exception);
        }
    }

    /// <summary>What a JSON object is where it is a server's answer in place of a file: <c>{"error": "Repository not found"}</c>.</summary>
    public static string? DescribeAnswer(JsonElement json)
    {
        try
        {
            foreach (string key in (ReadOnlySpan<string>)["error", "message", "detail"])
            {
                if (json.TryGetProperty(key, out JsonElement text))
                {
                    return $"a server's answer in place of the file, {ForeignFile.Quote(text.ToString())}; download it again";
                }
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is legal JSON and no text: whatever this is, no server answers so.
        }

        return null;
    }
}
