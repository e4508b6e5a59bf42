using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>Converts a checkpoint of nanoGPT, which says itself what model it holds, into one of this program and the YAML of its model.</summary>
internal static class NanoGptImport
{
    /// <summary>Writes the checkpoint and, beside it, its model section.</summary>
    public static ConversionSummary Run(CheckpointReader reader, ConversionRequest request, CancellationToken stop)
    {
        CheckpointOutput output = CheckpointOutput.For(request.Output, reader.Path, request.Force);
        if (request.Model is not null)
        {
            throw new ConfigurationException(
                $"--params goes with a checkpoint of this program; the model of {request.Input} is that of {NanoGptModel.Description}");
        }

        string section = Path.ChangeExtension(output.Path, ".yaml");
        OutputFiles.Check([output.Path, section], reader.Files, request.Force);

        bool isTied = IsTied(reader, stop);
        ModelParameters model = NanoGptModel.Read(reader, isTied);
        CheckpointConversion.CheckLayers(reader, model, NanoGptModel.Description);
        ImmutableArray<NanoGptSource> sources = NanoGptLayout.Sources(model);
        ImmutableArray<NamedShape> expected = [.. sources.Select(source => source.Tensor).DistinctBy(tensor => tensor.Name)];
        CheckpointContents.Check(
            reader, expected, name => NanoGptLayout.IsModels(name) && !(isTied && name == NanoGptLayout.Head), NanoGptModel.Description);

        ImmutableArray<TensorWriter> parameters = [.. Parameters(reader, model, sources, stop)];
        long nans = CheckpointConversion.CountNaNs(reader, model, parameters);
        output.Write(parameters, state: null, new Dictionary<string, string> { [ModelDescription.MetadataKey] = ModelDescription.Write(model) });
        AtomicFile.Write(section, stream => stream.Write(Encoding.UTF8.GetBytes(ModelSectionYaml.Write(model))));
        return new ConversionSummary(
            ConversionDirection.FromNanoGpt, [output.Path, section], parameters.Sum(parameter => (long)parameter.Elements), nans)
        {
            Warnings = reader.Names.Any(OptimizerStateName.IsOptimizers)
                ? [$"{reader.Path}: its optimizer's state is left out; a run that starts from {output.Path} starts at step 0 with a fresh one"]
                : [],
        };
    }

    private static IEnumerable<TensorWriter> Parameters(
        CheckpointReader reader, ModelParameters model, ImmutableArray<NanoGptSource> sources, CancellationToken stop)
    {
        float[] whole = [];
        string? held = null;
        return GptArchitecture.Parameters(model).Zip(sources, (parameter, source) => new TensorWriter(parameter.Name, parameter.Shape, dense =>
        {
            stop.ThrowIfCancellationRequested();
            string name = source.Tensor.Name;
            int elements = reader.Elements(name);
            if (elements == dense.Length)
            {
                reader.Read(name, dense);
                return;
            }

            // The parts of c_attn follow one another.
            if (held != name)
            {
                whole = whole.Length >= elements ? whole : new float[elements];
                reader.Read(name, whole.AsSpan(0, elements));
                held = name;
            }

            whole.AsSpan(source.Part * dense.Length, dense.Length).CopyTo(dense);
        }));
    }

    // nanoGPT ties them and saves both; what was made of it may not.
    private static bool IsTied(CheckpointReader reader, CancellationToken stop)
    {
        if (!reader.Contains(NanoGptLayout.Head))
        {
            return true;
        }

        return reader.Contains(NanoGptLayout.WordEmbeddings)
            && reader.Shape(NanoGptLayout.WordEmbeddings).SequenceEqual(reader.Shape(NanoGptLayout.Head))
            && Hash(NanoGptLayout.WordEmbeddings) == Hash(NanoGptLayout.Head);

        UInt128 Hash(string name)
        {
            stop.ThrowIfCancellationRequested();
            float[] values = new float[reader.Elements(name)];
            reader.Read(name, values);
            return XxHash128.HashToUInt128(MemoryMarshal.AsBytes<float>(values));
        }
    }
}
