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
            throw new ConfigurationException($"--params goes with a checkpoint of this program; the model of {request.Input} is that of its {Gpt2Config.FileName}");
        }

        string config = Path.Combine(Path.GetDirectoryName(reader.Path) ?? "", Gpt2Config.FileName);
        string section = Path.ChangeExtension(output.Path, ".yaml");
        OutputFiles.Check([output.Path, section], [.. reader.Files, config], request.Force);

        ModelParameters model = Gpt2Config.Read(config);
        CheckpointConversion.CheckLayers(reader, model, Gpt2Config.FileName);
        ImmutableArray<Gpt2Tensor> tensors = Gpt2Layout.Tensors(model);
        Check(reader, prefix, model, tensors);

        NaNCount nans = new();
        ImmutableArray<TensorWriter> parameters = [.. Parameters(reader, prefix, model, tensors, nans, stop)];
        output.Write(parameters, state: null, new Dictionary<string, string> { [ModelDescription.MetadataKey] = ModelDescription.Write(model) });
        AtomicFile.Write(section, stream => stream.Write(Encoding.UTF8.GetBytes(Gpt2ModelSection.Write(model))));
        return new ConversionSummary(ConversionDirection.FromHuggingFace, [output.Path, section], parameters.Sum(parameter => (long)parameter.Elements), nans.Count);
    }

    private static void Check(CheckpointReader reader, string prefix, ModelParameters model, ImmutableArray<Gpt2Tensor> tensors)
    {
        ImmutableArray<NamedShape> expected = [.. tensors.Select(tensor => new NamedShape(Gpt2Layout.NameInFile(tensor.Name, prefix), tensor.Shape))];

        // A tied head is the token table, whatever a file may have in its place, as for Hugging Face itself.
        CheckpointContents.Check(
            reader, expected, name => !Gpt2Layout.IsMask(name) && !(model.ShareEmbeddingWeights && name == Gpt2Layout.Head), Gpt2Config.FileName);
    }

    private static IEnumerable<TensorWriter> Parameters(
        CheckpointReader reader, string prefix, ModelParameters model, ImmutableArray<Gpt2Tensor> tensors, NaNCount nans, CancellationToken stop)
    {
        Dictionary<string, (Gpt2Tensor Tensor, int Part)> sources = tensors
            .SelectMany(tensor => tensor.Parts.Select((part, index) => (part.Name, Source: (tensor, index))))
            .ToDictionary(part => part.Name, part => part.Source, StringComparer.Ordinal);
        float[] joined = new float[tensors.Where(tensor => !tensor.IsCopy).Max(tensor => tensor.Elements)];
        return GptArchitecture.Parameters(model).Select(parameter => new TensorWriter(parameter.Name, parameter.Shape, dense =>
        {
            stop.ThrowIfCancellationRequested();
            (Gpt2Tensor tensor, int part) = sources[parameter.Name];
            string name = Gpt2Layout.NameInFile(tensor.Name, prefix);
            if (tensor.IsCopy)
            {
                reader.Read(name, dense);
            }
            else
            {
                Span<float> whole = joined.AsSpan(0, tensor.Elements);
                reader.Read(name, whole);
                tensor.Split(part, whole, dense);
            }

            nans.Add(dense);
        }));
    }
}
