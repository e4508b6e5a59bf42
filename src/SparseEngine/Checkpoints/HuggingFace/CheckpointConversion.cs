using System.Collections.Immutable;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Converts checkpoints to and from models of Hugging Face, and from nanoGPT; the input decides which.</summary>
public static class CheckpointConversion
{
    /// <summary>Each <c>model_type</c> of Hugging Face that can be read and written.</summary>
    public static ImmutableArray<string> ModelTypes { get; } = [.. HuggingFaceLayouts.All.Select(layout => layout.Names.ModelType)];

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
        bool isOurs = reader.Contains(GptArchitecture.WordEmbeddings);
        if (!isOurs && (request.PyTorchBin || request.ModelType is not null))
        {
            throw new ConfigurationException(
                $"{(request.PyTorchBin ? "--pytorch_bin" : "--to")} goes with a checkpoint of this program, which {request.Input} is not");
        }

        return isOurs ? HuggingFaceExport.Run(reader, request, stop)
            : NanoGptModel.IsOne(reader) ? NanoGptImport.Run(reader, request, stop)
            : HuggingFaceImport.Run(reader, request, stop);
    }

    /// <summary>Reads all parameters once before anything is written, and refuses those of a model that diverged.</summary>
    /// <param name="reader">The input.</param>
    /// <param name="model">The model it holds.</param>
    /// <param name="parameters">The model's parameters, in their order.</param>
    /// <returns>The number of those that are NaN.</returns>
    internal static long CountNaNs(CheckpointReader reader, ModelParameters model, IReadOnlyList<TensorWriter> parameters)
    {
        Divergence divergence = Divergence.Of(reader);
        TensorBuffer buffer = new(parameters, isWhole: true);
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
