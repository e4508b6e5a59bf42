namespace SparseEngine.Checkpoints;

/// <summary>The names inside an .mdl file beside those of the tensors.</summary>
internal static class CheckpointLayout
{
    /// <summary>A dataset of bytes: a line for each tensor, its CRC-32 as 8 hexadecimal digits, a space, its name.</summary>
    public const string Checksums = "__checksums__";

    /// <summary>Stands among the tensors' names for the state and the metadata together.</summary>
    public const string Attributes = "__attributes__";

    public const string Version = "__version__";

    public const string Step = "global_step";

    public const string SamplesConsumed = "samples_consumed";

    public const string Seed = "seed";

    public const string ShuffleSeed = "shuffle_seed";

    /// <summary>What the attributes of the caller's metadata start with.</summary>
    public const string Metadata = "metadata.";

    public const long CurrentVersion = 1;

    /// <summary>Whether a tensor may have this name in an HDF5 file, where a slash parts groups, and beside what else an .mdl file holds.</summary>
    public static bool IsTensorName(string name) => name is not ("" or "." or Checksums) && !name.Contains('/', StringComparison.Ordinal);

    /// <summary>The first bytes of every HDF5 file.</summary>
    public static ReadOnlySpan<byte> Hdf5Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A];
}
