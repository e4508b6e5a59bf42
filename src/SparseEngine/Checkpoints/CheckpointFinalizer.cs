using System.Collections.Immutable;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>What finalizing a checkpoint did.</summary>
/// <param name="Tensors">Tensors written.</param>
/// <param name="Elements">Their elements.</param>
/// <param name="Replaced">Elements that were NaN and are 0.</param>
/// <param name="Bytes">The length of the file written.</param>
public sealed record FinalizedCheckpoint(int Tensors, long Elements, long Replaced, long Bytes);

/// <summary>Makes a sparse checkpoint an ordinary one: the places that are NaN, in weights and optimizer state, become 0.</summary>
/// <remarks>As the Model Zoo's finalizer: infinities stay. Tensors are read and written one at a time.</remarks>
public static class CheckpointFinalizer
{
    /// <summary>Writes a checkpoint without NaN; a run's state and texts stay beside the tensors.</summary>
    /// <param name="input">The checkpoint.</param>
    /// <param name="output">The file to write.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <exception cref="Configuration.ConfigurationException">The output is one of the files that the input is read from.</exception>
    /// <exception cref="CheckpointException">The input is damaged.</exception>
    /// <exception cref="OutputException">The output cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static FinalizedCheckpoint Write(CheckpointReader input, CheckpointOutput output, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        OutputFiles.Check([output.Path], input.Files, output.MayOverwrite);
        long elements = 0;
        long replaced = 0;
        ImmutableArray<TensorWriter> tensors = [.. input.Names.Select(name => new TensorWriter(name, input.Shape(name), destination =>
        {
            stop.ThrowIfCancellationRequested();
            input.Read(name, destination);
            elements += destination.Length;
            replaced += ReplaceNaNs(destination);
        }))];
        long bytes = output.Write(tensors, input.State, input.Metadata);
        return new FinalizedCheckpoint(tensors.Length, elements, replaced, bytes);
    }

    private static int ReplaceNaNs(Span<float> values)
    {
        int replaced = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i]))
            {
                values[i] = 0;
                replaced++;
            }
        }

        return replaced;
    }
}
