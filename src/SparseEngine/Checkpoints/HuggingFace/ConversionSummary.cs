using System.Collections.Immutable;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Which way a conversion goes.</summary>
public enum ConversionDirection
{
    /// <summary>From a model of Hugging Face to a checkpoint of this program.</summary>
    FromHuggingFace,

    /// <summary>From a checkpoint of this program to a model of Hugging Face.</summary>
    ToHuggingFace,

    /// <summary>From a checkpoint of nanoGPT to one of this program.</summary>
    FromNanoGpt,
}

/// <summary>What a conversion wrote.</summary>
/// <param name="Direction">Which way it went.</param>
/// <param name="Files">The files.</param>
/// <param name="Parameters">The model's parameters.</param>
/// <param name="NaNs">Those that were NaN: 0 now on the way out, sparse places on the way in.</param>
public sealed record ConversionSummary(ConversionDirection Direction, IReadOnlyList<string> Files, long Parameters, long NaNs)
{
    /// <summary>The <c>model_type</c> of the Hugging Face model; null where there is none.</summary>
    public string? ModelType { get; init; }

    /// <summary>What a person should know of the choices that were made.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}
