using System.Collections.Immutable;
using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Converts a Hugging Face GPT-2 into a checkpoint of this program and the YAML of its model.</summary>
internal static class Gpt2Import
{
    /// <summary>Reads config.json and the weights beside it; writes the checkpoint and, beside it, its model section.</summary>
    public static ConversionSummary Run(CheckpointReader reader, string prefix, ConversionRequest request, CancellationToken stop)
    {
        CheckpointOutput output = CheckpointOutput.For(request.Output, reader.Path, request.Force);
        if (request.Model is not null)
        {
            throw new ConfigurationException(
                $"--params goes with a checkpoint of this program; the model of {request.Input} is that of its {Gpt2Config.FileName}");
        }

        string config = Path.Combine(Path.GetDirectoryName(reader.Path) ?? "", Gpt2Config.FileName);
        string section = Path.ChangeExtension(output.Path, ".yaml");
        OutputFiles.Check([output.Path, section], [.. reader.Files, config], request.Force);

        ModelParameters model = Gpt2Config.Read(config);
        CheckpointConversion.CheckLayers(reader, model, Gpt2Config.FileName);
        Gpt2Head head = new(reader, prefix, config, model);
        ImmutableArray<Gpt2Tensor> tensors = Gpt2Layout.Tensors(model);
        ImmutableArray<NamedShape> expected = [.. tensors.Select(tensor => new NamedShape(head.NameInFile(tensor), tensor.Shape))];
        CheckpointContents.Check(reader, expected, name => !Gpt2Layout.IsMask(name) && !head.IsLeftOut(name), Gpt2Config.FileName);

        ImmutableArray<TensorWriter> parameters = [.. Parameters(reader, head, model, tensors, stop)];
        long nans = CheckpointConversion.CountNaNs(reader, model, parameters);
        ImmutableArray<string> warnings = head.Warnings(stop);
        output.Write(parameters, state: null, new Dictionary<string, string> { [ModelDescription.MetadataKey] = ModelDescription.Write(model) });
        AtomicFile.Write(section, stream => stream.Write(Encoding.UTF8.GetBytes(Gpt2ModelSection.Write(model))));
        long elements = parameters.Sum(parameter => (long)parameter.Elements);
        return new ConversionSummary(ConversionDirection.FromHuggingFace, [output.Path, section], elements, nans)
        {
            Warnings = warnings,
        };
    }

    private static IEnumerable<TensorWriter> Parameters(
        CheckpointReader reader, Gpt2Head head, ModelParameters model, ImmutableArray<Gpt2Tensor> tensors, CancellationToken stop)
    {
        Dictionary<string, (Gpt2Tensor Tensor, int Part)> sources = tensors
            .SelectMany(tensor => tensor.Parts.Select((part, index) => (part.Name, Source: (tensor, index))))
            .ToDictionary(part => part.Name, part => part.Source, StringComparer.Ordinal);
        float[] joined = new float[tensors.Where(tensor => !tensor.IsCopy).Max(tensor => tensor.Elements)];
        return GptArchitecture.Parameters(model).Select(parameter => new TensorWriter(parameter.Name, parameter.Shape, dense =>
        {
            stop.ThrowIfCancellationRequested();
            (Gpt2Tensor tensor, int part) = sources[parameter.Name];
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
