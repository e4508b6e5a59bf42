using SparseEngine.Data.Tokenizers;

namespace SparseEngine.Data.Preparation;

/// <summary>What <see cref="DatasetPreparation"/> makes of what.</summary>
public sealed record PreparationOptions
{
    /// <summary>Files, folders and glob patterns, in the order in which their documents come.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>The folder to write, which must not exist, or be empty.</summary>
    public required string Output { get; init; }

    /// <summary>As for <see cref="Tokenizer.Open"/>; <c>char</c> takes its vocabulary from the inputs.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>As for <see cref="Tokenizer.Open"/>.</summary>
    public string? EndToken { get; init; }

    /// <summary>Tokens in a sample.</summary>
    public required int MaxSequenceLength { get; init; }

    /// <summary>
    /// The share of the documents held out for validation, in [0, 1): of a single text file the share of its text, taken from its end.
    /// </summary>
    public double ValidationFraction { get; init; }

    /// <summary>The key of a JSONL line's text.</summary>
    public string JsonlKey { get; init; } = "text";

    /// <summary>Samples in a file; null for about eight million tokens.</summary>
    public int? SamplesPerFile { get; init; }

    /// <summary>Threads that tokenize and compress. The output does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether to replace the folder, if prepare made it.</summary>
    public bool Overwrite { get; init; }
}
