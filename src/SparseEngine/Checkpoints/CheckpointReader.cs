using System.Collections.Immutable;
using System.Numerics;
using SparseEngine.Checkpoints.PyTorch;
using SparseEngine.Metrics;

namespace SparseEngine.Checkpoints;

/// <summary>A checkpoint's tensors as float32, whichever format it has.</summary>
public abstract class CheckpointReader : IDisposable
{
    private readonly Dictionary<string, ImmutableArray<int>> shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> dataTypes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> stored = new(StringComparer.Ordinal);

    private protected CheckpointReader(string path) => Path = path;

    /// <summary>The file, as given.</summary>
    public string Path { get; }

    /// <summary>All files that it reads: more than one where the tensors are in shards.</summary>
    public virtual ImmutableArray<string> Files => [Path];

    /// <summary>The tensors' names in the file's order.</summary>
    public IReadOnlyCollection<string> Names => shapes.Keys;

    /// <summary>Where the run stood; null in a file that does not say, such as a .safetensors of another program.</summary>
    public TrainingState? State { get; private protected init; }

    /// <summary>The texts beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private protected init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What of the file is left out, and why: a line each.</summary>
    public ImmutableArray<string> Warnings { get; private protected init; } = [];

    /// <summary>Opens an .mdl or .safetensors file or one of torch.save, told apart by content, or shards by their index or folder.</summary>
    /// <param name="path">The file, the index (model.safetensors.index.json), or the folder that holds one or the weights in one file.</param>
    /// <exception cref="CheckpointException">It does not exist, is none of these, or is damaged; a damaged or missing shard is named.</exception>
    public static CheckpointReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            path = SafetensorsFolder.FindWeights(path);
        }

        Span<byte> start = stackalloc byte[16];
        int read;
        try
        {
            using FileStream file = File.OpenRead(path);
            read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                File.Exists(path) ? $"{path}: cannot be read: {exception.Message}" : $"{path}: no such checkpoint", exception);
        }

        return start[..read].StartsWith(CheckpointLayout.Hdf5Signature) ? new MdlReader(path)
            : SafetensorsIndex.IsJson(start[..read]) ? new ShardedReader(path)
            : TorchFile.IsOne(start[..read]) ? new TorchReader(path)
            : read > 8 && start[8] == '{' ? new SafetensorsReader(path)
            : ForeignFile.Describe(path) is { } foreign ? throw new CheckpointException($"{path}: is not a checkpoint but {foreign}")
            : throw new CheckpointException(
                $"{path}: is not a checkpoint; valid: an HDF5 (.mdl) or .safetensors file, or one of torch.save (.pt, .bin)");
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => shapes.ContainsKey(name);

    /// <summary>A tensor's dimensions.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public ImmutableArray<int> Shape(string name) =>
        shapes.TryGetValue(name, out ImmutableArray<int> shape) ? shape : throw new CheckpointException($"{Path}: has no tensor {name}");

    /// <summary>The number of a tensor's elements; 1 for a scalar.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public int Elements(string name) => Shape(name).Aggregate(1, (product, dimension) => product * dimension);

    /// <summary>What a tensor's elements are stored as, by numpy's name of it: <c>float32</c>, <c>bfloat16</c>, <c>int8</c>, <c>bool</c>.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public string DataType(string name) =>
        dataTypes.TryGetValue(name, out string? dataType) ? dataType : throw new CheckpointException($"{Path}: has no tensor {name}");

    /// <summary>Reads a tensor, row-major, and checks its checksum where the file has one.</summary>
    /// <exception cref="CheckpointException">There is none of this name and size, or it is damaged.</exception>
    public void Read(string name, Span<float> destination)
    {
        int elements = Elements(name);
        if (elements != destination.Length)
        {
            throw new CheckpointException($"{Path}: {name} has {Quantity.Count(elements, "element")}, needed: {Quantity.Count(destination.Length)}");
        }

        if (elements == 0)
        {
            return;
        }

        try
        {
            ReadStored(stored[name], destination);
        }
        catch (IOException exception)
        {
            throw new CheckpointException($"{Path}: {name} cannot be read: {exception.Message}", exception);
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

    /// <summary>Whether the file has a tensor of this name, as it is there.</summary>
    private protected bool Holds(string storedName) =>
        stored.TryGetValue(StoredName.WithoutWrappers(storedName), out string? known) && known == storedName;

    /// <summary>Makes a tensor known by its name without wrappers.</summary>
    /// <exception cref="CheckpointException">It is too large, or there is another of that name.</exception>
    private protected void AddTensor(string storedName, ImmutableArray<int> shape, string dataType) =>
        AddTensor(storedName, StoredName.WithoutWrappers(storedName), shape, dataType);

    /// <summary>Makes a tensor known by a name of its own.</summary>
    /// <exception cref="CheckpointException">It is too large, or there is another of that name.</exception>
    private protected void AddTensor(string storedName, string name, ImmutableArray<int> shape, string dataType)
    {
        if (shape.Aggregate(BigInteger.One, (product, dimension) => product * dimension) > Array.MaxLength)
        {
            throw new CheckpointException($"{Path}: {storedName}, [{string.Join(", ", shape)}], has more than {Array.MaxLength} elements");
        }

        if (!stored.TryAdd(name, storedName))
        {
            throw new CheckpointException(stored[name] == storedName
                ? $"{Path}: has {storedName} twice"
                : $"{Path}: has both {stored[name]} and {storedName}, which are one parameter");
        }

        shapes[name] = shape;
        dataTypes[name] = dataType;
    }
}
