using System.Collections.Immutable;
using SparseEngine.Files;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>The masks of a checkpoint as .npy files beside it. They take their names when it is whole; until then they can be undone.</summary>
internal sealed class MaskFiles(string folder) : IDisposable
{
    private readonly List<(string Temporary, string Path)> written = [];

    /// <summary>Where a weight's mask goes.</summary>
    /// <exception cref="CheckpointException">The weight's name cannot be a file's.</exception>
    public string PathFor(string weight) => weight.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) < 0
        ? Path.Combine(folder, $"{weight}.npy")
        : throw new CheckpointException(
            $"{folder}: the mask of \"{weight}\" cannot be written: its name cannot be that of a file; leave out dump_masks");

    /// <summary>Writes a weight's mask.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Write(string weight, ImmutableArray<int> shape, bool[] keep)
    {
        string path = PathFor(weight);
        string temporary = Path.Combine(folder, $".{weight}.npy.tmp");
        written.Add((temporary, path));
        Guard(path, () => NumpyFile.Write(temporary, shape, keep));
    }

    /// <summary>Gives them their names.</summary>
    /// <exception cref="CheckpointException">One of them cannot be.</exception>
    public void Commit()
    {
        foreach ((string temporary, string path) in written)
        {
            Guard(path, () => File.Move(temporary, path, overwrite: true));
        }

        written.Clear();
    }

    /// <summary>Removes those that have no name yet.</summary>
    public void Dispose()
    {
        foreach ((string temporary, _) in written)
        {
            File.Delete(temporary);
        }
    }

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be written: {exception.Message}", exception);
        }
    }
}
