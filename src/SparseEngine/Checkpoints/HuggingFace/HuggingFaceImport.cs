using System.Collections.Immutable;
using System.Text;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Converts a Hugging Face model into a checkpoint of this program and the YAML of its model.</summary>
internal static class HuggingFaceImport
{
    /// <summary>Reads config.json and the weights beside it; writes the checkpoint and, beside it, its model section.</summary>
    public static ConversionSummary Run(CheckpointReader reader, ConversionRequest request, CancellationToken stop)
    {
        string config = Path.Combine(Path.GetDirectoryName(reader.Path) ?? "", ConfigFile.FileName);
        if (!File.Exists(config))
        {
            throw new CheckpointException(
                $"{reader.Path}: is no model that can be converted; valid: a Hugging Face model, which has {ConfigFile.FileName} beside its weights, "
                + $"a checkpoint of nanoGPT, or one with {GptArchitecture.WordEmbeddings}");
        }

        CheckpointOutput output = CheckpointOutput.For(request.Output, reader.Path, request.Force);
        if (request.Model is not null)
        {
            throw new ConfigurationException(
                $"--params goes with a checkpoint of this program; the model of {request.Input} is that of its {ConfigFile.FileName}");
        }

        string section = Path.ChangeExtension(output.Path, ".yaml");
        OutputFiles.Check([output.Path, section], [.. reader.Files, config], request.Force);

        (IHuggingFaceLayout layout, ModelParameters model) = ConfigFile.Read(config);
        CheckpointConversion.CheckLayers(reader, model, ConfigFile.FileName);
        OutputHead head = new(reader, layout.Names, config, model);
        ImmutableArray<LayoutTensor> tensors = TensorList.Of(layout, model);
        ImmutableArray<NamedShape> expected = [.. tensors.Select(tensor => new NamedShape(head.NameInFile(tensor), tensor.Shape))];
        CheckpointContents.Check(reader, expected, name => !SavedBuffers.Contain(name) && !head.IsLeftOut(name), ConfigFile.FileName);

        ImmutableArray<TensorWriter> parameters = [.. Parameters(reader, head, model, tensors, stop)];
        long nans = CheckpointConversion.CountNaNs(reader, model, parameters);
        ImmutableArray<string> warnings = head.Warnings(stop);
        output.Write(parameters, state: null, new Dictionary<string, string> { [ModelDescription.MetadataKey] = ModelDescription.Write(model) });
        AtomicFile.Write(section, stream => stream.Write(Encoding.UTF8.GetBytes(ModelSectionYaml.Write(model))));
        long elements = parameters.Sum(parameter => (long)parameter.Elements);
        return new ConversionSummary(ConversionDirection.FromHuggingFace, [output.Path, section], elements, nans)
        {
            ModelType = layout.Names.ModelType,
            Warnings = warnings,
        };
    }

    private static IEnumerable<TensorWriter> Parameters(
        CheckpointReader reader, OutputHead head, ModelParameters model, ImmutableArray<LayoutTensor> tensors, CancellationToken stop)
    {
        Dictionary<string, (LayoutTensor Tensor, int Part)> sources = tensors
            .SelectMany(tensor => tensor.Parts.Select((part, index) => (part.Name, Source: (tensor, index))))
            .ToDictionary(part => part.Name, part => part.Source, StringComparer.Ordinal);
        float[] joined = new float[tensors.Where(tensor => !tensor.IsCopy).Select(tensor => tensor.Elements).DefaultIfEmpty().Max()];
        return GptArchitecture.Parameters(model).Select(parameter => new TensorWriter(parameter.Name, parameter.Shape, dense =>
        {
            stop.ThrowIfCancellationRequested();
            (LayoutTensor tensor, int part) = sources[parameter.Name];
            if (tensor.IsCopy)
            {
                reader.Read(head.NameInFile(tensor), dense);
            }
            else
            {
                Span<float> whole = joined.AsSpan(0, tensor.Elements);
                reader.Read(head.NameInFile(tensor), whole);
                tensor.Split(part, whole, dense);
            }
        }));
    }
}
