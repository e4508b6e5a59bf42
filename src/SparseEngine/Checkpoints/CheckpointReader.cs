using System.Collections.Immutable;

namespace SparseEngine.Checkpoints;

/// <summary>A checkpoint's tensors as float32, whichever format it has.</summary>
public abstract class CheckpointReader : IDisposable
{
    // The Model Zoo's state dictionaries wrap the model once more.
    private const string ZooPrefix = "model.";

    private readonly Dictionary<string, ImmutableArray<int>> shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> stored = new(StringComparer.Ordinal);

    private protected CheckpointReader(string path) => Path = path;

    /// <summary>The file, as given.</summary>
    public string Path { get; }

    /// <summary>The tensors' names in the file's order.</summary>
    public IReadOnlyCollection<string> Names => shapes.Keys;

    /// <summary>Where the run stood; null in a file that does not say, such as a .safetensors.</summary>
    public TrainingState? State { get; private protected init; }

    /// <summary>The texts beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private protected init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Opens an .mdl or .safetensors file, told apart by content.</summary>
    /// <exception cref="CheckpointException">It does not exist, is neither, or is damaged.</exception>
    public static CheckpointReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Span<byte> start = stackalloc byte[9];
        int read;
        try
        {
            using FileStream file = File.OpenRead(path);
            read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(File.Exists(path) ? $"{path}: cannot be read: {exception.Message}" : $"{path}: no such checkpoint", exception);
        }

        return start[..read].StartsWith(CheckpointLayout.Hdf5Signature) ? new MdlReader(path)
            : read == start.Length && start[8] == '{' ? new SafetensorsReader(path)
            : throw new CheckpointException($"{path}: is not a checkpoint; valid: an HDF5 (.mdl) or .safetensors file");
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => shapes.ContainsKey(name);

    /// <summary>A tensor's dimensions.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public ImmutableArray<int> Shape(string name) =>
        shapes.TryGetValue(name, out ImmutableArray<int> shape) ? shape : throw new CheckpointException($"{Path}: has no tensor {name}");

    /// <summary>Reads a tensor, row-major, and checks its checksum where the file has one.</summary>
    /// <exception cref="CheckpointException">There is none of this name and size, or it is damaged.</exception>
    public void Read(string name, Span<float> destination)
    {
        long elements = Shape(name).Aggregate(1L, (product, dimension) => product * dimension);
        if (elements != destination.Length)
        {
            throw new CheckpointException($"{Path}: {name} has {elements} elements, {destination.Length} are needed");
        }

        if (elements > 0)
        {
            ReadStored(stored[name], destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected abstract void ReadStored(string storedName, Span<float> destination);

    /// <summary>Releases the file.</summary>
    private protected abstract void Dispose(bool disposing);

    /// <summary>Makes a tensor known, without the Model Zoo's extra prefix.</summary>
    private protected void AddTensor(string storedName, ImmutableArray<int> shape)
    {
        string name = storedName.StartsWith(ZooPrefix + ZooPrefix, StringComparison.Ordinal) ? storedName[ZooPrefix.Length..] : storedName;
        shapes[name] = shape;
        stored[name] = storedName;
    }
}
