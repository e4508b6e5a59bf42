using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>What to convert.</summary>
/// <param name="Input">
/// A Hugging Face GPT-2 (its folder, or a file of it beside its config.json), a checkpoint of nanoGPT, or one of this program.
/// </param>
/// <param name="Output">For the first two, the .mdl, .h5, .hdf5 or .safetensors file to write; for the third, the folder.</param>
/// <param name="Model">The model that a checkpoint of this program holds; null where it says so itself.</param>
/// <param name="Force">Whether files that are there already may be overwritten.</param>
public sealed record ConversionRequest(string Input, string Output, ModelParameters? Model = null, bool Force = false)
{
    /// <summary>For a checkpoint of this program, whether its weights become a pytorch_model.bin in place of a model.safetensors.</summary>
    public bool PyTorchBin { get; init; }
}

/// <summary>Which way a conversion goes.</summary>
public enum ConversionDirection
{
    /// <summary>From a Hugging Face GPT-2 to a checkpoint of this program.</summary>
    FromHuggingFace,

    /// <summary>From a checkpoint of this program to a Hugging Face GPT-2.</summary>
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
    /// <summary>What a person should know of the choices that were made.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>Converts checkpoints to and from Hugging Face's GPT-2; the names of the input's tensors decide which.</summary>
public static class CheckpointConversion
{
    /// <summary>Converts, one tensor in memory at a time. Each file is written whole or not at all.</summary>
    /// <param name="request">What to convert.</param>
    /// <param name="stop">Ends it between two tensors; nothing is written then.</param>
    /// <exception cref="CheckpointException">The input cannot be read or has no counterpart.</exception>
    /// <exception cref="OutputException">The output cannot be written.</exception>
    /// <exception cref="ConfigurationException">The output is the input or exists, or the request does not suit the input.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static ConversionSummary Convert(ConversionRequest request, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using CheckpointReader reader = CheckpointReader.Open(request.Input);
        if (request.PyTorchBin && !reader.Contains(GptArchitecture.WordEmbeddings))
        {
            throw new ConfigurationException($"--pytorch_bin goes with a checkpoint of this program, which {request.Input} is not");
        }

        return NanoGptModel.IsOne(reader) ? NanoGptImport.Run(reader, request, stop)
            : Gpt2Layout.FindPrefix(reader) is { } prefix ? Gpt2Import.Run(reader, prefix, request, stop)
            : reader.Contains(GptArchitecture.WordEmbeddings) ? Gpt2Export.Run(reader, request, stop)
            : throw new CheckpointException(
                $"{reader.Path}: is no model that can be converted; "
                + $"valid: a Hugging Face GPT-2, which has {Gpt2Layout.PositionEmbeddings}, or a checkpoint with {GptArchitecture.WordEmbeddings}");
    }

    /// <summary>Reads all parameters once before anything is written, and refuses those of a model that diverged.</summary>
    /// <param name="reader">The input.</param>
    /// <param name="model">The model it holds.</param>
    /// <param name="parameters">The model's parameters, in their order.</param>
    /// <returns>The number of those that are NaN.</returns>
    internal static long CountNaNs(CheckpointReader reader, ModelParameters model, IReadOnlyList<TensorWriter> parameters)
    {
        Divergence divergence = Divergence.Of(reader);
        TensorBuffer buffer = new(parameters);
        foreach ((ParameterDefinition definition, TensorWriter parameter) in GptArchitecture.Parameters(model).Zip(parameters))
        {
            divergence.Add(definition, buffer.Fill(parameter));
        }

        divergence.ThrowIfAny();
        return divergence.NaNs;
    }

    /// <summary>Refuses a description with more layers than the checkpoint has tensors, before all their names are made.</summary>
    internal static void CheckLayers(CheckpointReader reader, ModelParameters model, string description)
    {
        if (model.Layers > reader.Names.Count)
        {
            throw new CheckpointException(
                $"{reader.Path}: has {Quantity.Count(reader.Names.Count, "tensor")}, {description} gives it {Quantity.Count(model.Layers, "layer")}");
        }
    }
}
