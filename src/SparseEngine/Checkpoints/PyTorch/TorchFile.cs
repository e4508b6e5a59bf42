namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>A file that torch.save wrote, in whichever of its formats.</summary>
internal static class TorchFile
{
    // What many tensors in one storage may take of it together. Two is a tied table.
    private const int MostRepeats = 16;

    private static ReadOnlySpan<byte> ZipSignature => "PK\x03\x04"u8;

    /// <summary>Whether a file's first bytes are those of a zip archive or a pickle of protocol 2 to 5.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) => start.StartsWith(ZipSignature) || start is [(byte)PickleOpcode.Proto, >= 2 and <= 5, ..];

    /// <summary>Reads all but the tensors' elements.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or holds what is not read: a sentence whose subject is the file.</exception>
    public static StateDictionary Read(FileStream file)
    {
        Span<byte> start = stackalloc byte[ZipSignature.Length];
        int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        file.Position = 0;
        StateDictionary state = new(start[..read].StartsWith(ZipSignature) ? TorchArchive.Read(file) : LegacyTorchFile.Read(file));
        Int128 bytes = 0;
        foreach ((_, TorchTensor tensor) in state.Tensors)
        {
            bytes += (Int128)tensor.Elements * tensor.Element.Size;
        }

        return bytes <= (Int128)file.Length * MostRepeats
            ? state
            : throw new InvalidDataException($"has tensors of {bytes} bytes in {file.Length}: it repeats the same ones");
    }
}
