using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>The train_input or eval_input section.</summary>
public sealed record InputParameters
{
    /// <summary>What reads the samples.</summary>
    public required DataProcessor DataProcessor { get; init; }

    /// <summary>Folders or files, as written; relative ones are looked for from the working directory, then from the YAML's folder.</summary>
    public required ImmutableArray<string> DataDirectories { get; init; }

    /// <summary>Sequences per step, before division by grad_accum_steps.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Tokens per sequence. Where <see cref="TakesLengthFromData"/>, what is reckoned with until the data are open.</summary>
    public required int MaxSequenceLength { get; init; }

    /// <summary>HDF5: whether sequences are as long as the data's files have them, since no max_sequence_length is given.</summary>
    public bool TakesLengthFromData { get; init; }

    /// <summary>Whether samples come in a random order.</summary>
    public bool Shuffle { get; init; }

    /// <summary>The seed of that order; null takes runconfig.seed.</summary>
    public int? ShuffleSeed { get; init; }

    /// <summary>What the file calls the section, for messages: <c>train_input</c>; null where it comes from no file.</summary>
    internal string? Section { get; init; }

    /// <summary>TextDataProcessor: the share of the text that is held out for validation, in (0, 1).</summary>
    public double ValidationShare { get; init; } = 0.05;
}

/// <summary>The readers of samples.</summary>
public enum DataProcessor
{
    /// <summary>Folders of HDF5 files, dataset <c>data</c> int32 [n, 3, sequence].</summary>
    GptHdf5,

    /// <summary>Text files or folders, or the word <c>dotnet-docs</c>, read as bytes.</summary>
    Text,
}
