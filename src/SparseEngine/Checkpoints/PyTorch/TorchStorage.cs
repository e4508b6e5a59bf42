namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>The bytes that tensors lie in, perhaps several of them.</summary>
/// <param name="key">Its name in the file.</param>
/// <param name="type">What it holds.</param>
/// <param name="count">How many of them, as the pickle states.</param>
internal sealed class TorchStorage(string key, TorchStorageType type, long count)
{
    private long position = -1;

    public string Key { get; } = key;

    public TorchStorageType Type { get; } = type;

    public long Count { get; } = count;

    /// <summary>Its bytes; no file is so long that this overflows once it was checked against one.</summary>
    public Int128 Bytes => (Int128)Count * Type.Size;

    /// <summary>Where it starts in the file; known once it was found there with all its bytes.</summary>
    public long Position
    {
        get => Whole is null ? position : Whole.Position + (Start * Type.Size);
        set => position = value;
    }

    /// <summary>The storage that this one is a part of, as in files of old versions; null for one of its own.</summary>
    public TorchStorage? Whole { get; init; }

    /// <summary>Where it starts in that, in elements.</summary>
    public long Start { get; init; }
}
