using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints;

/// <summary>What copying a checkpoint did.</summary>
/// <param name="Tensors">Tensors written.</param>
/// <param name="Bytes">The length of the file written.</param>
public sealed record CopiedCheckpoint(int Tensors, long Bytes);

/// <summary>Makes a checkpoint of this program of one in any form that can be read: same tensors, same state, NaN where it has NaN.</summary>
public static class CheckpointCopy
{
    /// <summary>Writes the copy, one tensor in memory at a time.</summary>
    /// <param name="input">The checkpoint.</param>
    /// <param name="output">The file to write.</param>
    /// <param name="model">The model it holds, for one that does not say; null leaves that out.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <exception cref="ConfigurationException">The output is one of the files that the input is read from, or the model is another.</exception>
    /// <exception cref="CheckpointException">The input is damaged, or is not one of the model.</exception>
    /// <exception cref="OutputException">The output cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static CopiedCheckpoint Write(
        CheckpointReader input, CheckpointOutput output, ModelParameters? model = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        OutputFiles.Check([output.Path], input.Files, output.MayOverwrite);
        Dictionary<string, string> metadata = new(input.Metadata, StringComparer.Ordinal);
        if (model is not null)
        {
            CheckpointModel.Check(input, model, "leave out --params: the checkpoint says itself what it holds");
            CheckpointContents.Check(input, GptArchitecture.Parameters(model));
            metadata[ModelDescription.MetadataKey] = ModelDescription.Write(model);
        }

        ImmutableArray<TensorWriter> tensors = [.. input.Names.Select(name => TensorWriter.CopyOf(input, name, stop))];
        return new CopiedCheckpoint(tensors.Length, output.Write(tensors, input.State, metadata));
    }
}
