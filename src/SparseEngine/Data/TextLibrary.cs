namespace SparseEngine.Data;

/// <summary>Texts that were read, so that the inputs of one run that are shares of the same text read it once and hold it once.</summary>
internal sealed class TextLibrary
{
    private readonly Dictionary<string, byte[]> texts = new(StringComparer.Ordinal);

    /// <summary>The .NET SDK's own reference documentation.</summary>
    /// <exception cref="DataException">There is none on this machine.</exception>
    public byte[] DotNetDocumentation() => Read(SampleSource.DotNetDocumentation, DotNetDocumentationText.Load);

    /// <summary>The texts of files and folders, joined.</summary>
    /// <exception cref="DataException">A folder has no text file, or a file cannot be read.</exception>
    public byte[] Files(IReadOnlyList<string> paths) => Read(string.Join('\0', paths.Select(Path.GetFullPath)), () => TextFiles.Load(paths));

    private byte[] Read(string key, Func<byte[]> read)
    {
        if (!texts.TryGetValue(key, out byte[]? text))
        {
            text = read();
            texts.Add(key, text);
        }

        return text;
    }
}
