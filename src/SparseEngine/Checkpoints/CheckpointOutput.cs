using SparseEngine.Configuration;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>The file that a command makes of a checkpoint: its format is told by its name, and it takes the place of no other by accident.</summary>
public sealed class CheckpointOutput
{
    private const string Safetensors = ".safetensors";
    private const string Formats = ".mdl, .h5 or .hdf5 (HDF5), or .safetensors";

    private CheckpointOutput(string path, bool mayOverwrite)
    {
        Path = path;
        MayOverwrite = mayOverwrite;
    }

    /// <summary>The file, as given.</summary>
    public string Path { get; }

    /// <summary>Whether it, and what goes with it, may take the place of other files.</summary>
    internal bool MayOverwrite { get; }

    /// <summary>Checks where a checkpoint is to go, before anything is read.</summary>
    /// <param name="path">The file: .mdl, .h5, .hdf5 or .safetensors.</param>
    /// <param name="input">The checkpoint it is made of, which it must not overwrite.</param>
    /// <param name="overwrite">Whether it may take the place of another file.</param>
    /// <exception cref="ConfigurationException">
    /// Its name says no format, it is the input or a folder, or it exists and may not be overwritten.
    /// </exception>
    public static CheckpointOutput For(string path, string input, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(input);
        if (!HasExtension(path, ".mdl", ".h5", ".hdf5", Safetensors))
        {
            throw new ConfigurationException($"{path}: the name says no format; valid: a name that ends in {Formats}");
        }

        OutputFiles.Check([path], [input], overwrite);
        return new CheckpointOutput(path, overwrite);
    }

    /// <summary>Writes tensors, and a run's state and texts, whole or not at all.</summary>
    /// <returns>The file's length in bytes.</returns>
    /// <exception cref="OutputException">It cannot be written.</exception>
    internal long Write(IReadOnlyList<TensorWriter> tensors, TrainingState? state, IReadOnlyDictionary<string, string> metadata)
    {
        if (HasExtension(Path, Safetensors))
        {
            SafetensorsWriter.Write(Path, tensors, metadata, state);
        }
        else
        {
            MdlWriter.Write(Path, tensors, state, metadata);
        }

        return new FileInfo(Path).Length;
    }

    private static bool HasExtension(string path, params ReadOnlySpan<string> extensions)
    {
        foreach (string extension in extensions)
        {
            if (path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
