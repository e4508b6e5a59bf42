using System.Collections.Immutable;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Converts a checkpoint of this program into a Hugging Face model: finalized, without optimizer state.</summary>
internal static class HuggingFaceExport
{
    // What the loader of transformers asks of every file.
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <summary>Writes config.json and model.safetensors, or pytorch_model.bin, into a folder.</summary>
    public static ConversionSummary Run(CheckpointReader reader, ConversionRequest request, CancellationToken stop)
    {
        string folder = request.Output;
        if (File.Exists(folder) || Path.GetExtension(folder).ToLowerInvariant() is ".mdl" or ".h5" or ".hdf5" or ".safetensors")
        {
            throw new ConfigurationException(
                $"{request.Input} is a checkpoint of this program and the output {folder}; valid: a folder for the Hugging Face model");
        }

        string weights = SafetensorsFolder.WeightsToWrite(folder, request.PyTorchBin);
        string config = Path.Combine(folder, ConfigFile.FileName);
        OutputFiles.Check([weights, config], reader.Files, request.Force);

        ModelParameters model = request.Model ?? DescriptionIn(reader);
        IHuggingFaceLayout layout = LayoutOf(reader, model, request.ModelType);
        CheckpointModel.Check(reader, model, "leave out --params: the checkpoint says itself what it holds");
        CheckpointConversion.CheckLayers(reader, model, "the model section");
        ImmutableArray<ParameterDefinition> parameters = GptArchitecture.Parameters(model);
        CheckpointContents.Check(reader, parameters);
        ImmutableArray<TensorWriter> input = [.. parameters.Select(parameter => TensorWriter.CopyOf(reader, parameter.Name, stop))];
        long nans = CheckpointConversion.CountNaNs(reader, model, input);

        ImmutableArray<TensorWriter> tensors = [.. Tensors(reader, layout, TensorList.Of(layout, model), stop)];
        if (request.PyTorchBin)
        {
            TorchWriter.Write(weights, tensors);
        }
        else
        {
            SafetensorsWriter.Write(weights, tensors, Metadata);
        }

        AtomicFile.Write(config, stream => stream.Write(ConfigFile.Write(layout, model)));
        return new ConversionSummary(ConversionDirection.ToHuggingFace, [weights, config], tensors.Sum(tensor => (long)tensor.Elements), nans)
        {
            ModelType = layout.Names.ModelType,
            Warnings =
            [
                .. layout.LeavesOut(model)
                    .Select(setting => $"{config}: leaves out {setting}, for which Hugging Face's {layout.Names.Family} has no key"),
            ],
        };
    }

    private static IHuggingFaceLayout LayoutOf(CheckpointReader reader, ModelParameters model, string? modelType)
    {
        IHuggingFaceLayout layout = modelType is null
            ? HuggingFaceLayouts.Of(model)
            : HuggingFaceLayouts.Find(modelType)
                ?? throw new ConfigurationException($"--to is \"{modelType}\"; valid: {HuggingFaceLayouts.ValidInPlaceOf(modelType)}");
        string lacking = string.Join(", ", layout.Lacks(model));
        return lacking.Length == 0
            ? layout
            : throw new CheckpointException($"{reader.Path}: its model has {lacking}, which Hugging Face's {layout.Names.Family} lacks");
    }

    private static IEnumerable<TensorWriter> Tensors(
        CheckpointReader reader, IHuggingFaceLayout layout, ImmutableArray<LayoutTensor> tensors, CancellationToken stop)
    {
        float[] part = new float[tensors
            .Where(tensor => !tensor.IsCopy)
            .SelectMany(tensor => tensor.Parts, (_, shape) => checked((int)shape.Elements))
            .DefaultIfEmpty()
            .Max()];
        return tensors.Select(tensor => new TensorWriter(OutputHead.NameInFile(layout.Names, tensor.Name, layout.Names.Prefix), tensor.Shape, dense =>
        {
            stop.ThrowIfCancellationRequested();
            if (tensor.IsCopy)
            {
                reader.Read(tensor.Parts[0].Name, dense);
            }
            else
            {
                for (int index = 0; index < tensor.Parts.Length; index++)
                {
                    Span<float> values = part.AsSpan(0, (int)tensor.Parts[index].Elements);
                    reader.Read(tensor.Parts[index].Name, values);
                    tensor.Join(index, values, dense);
                }
            }

            foreach (ref float value in dense)
            {
                value = float.IsNaN(value) ? 0 : value;
            }
        }));
    }

    private static ModelParameters DescriptionIn(CheckpointReader reader) => CheckpointModel.Of(reader)
        ?? throw new ConfigurationException($"{reader.Path}: does not say what model it holds; give the YAML of its run: --params FILE");
}
