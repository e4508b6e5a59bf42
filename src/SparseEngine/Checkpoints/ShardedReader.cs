using System.Collections.Immutable;

namespace SparseEngine.Checkpoints;

/// <summary>Reads tensors that are spread over several .safetensors files, by their index.</summary>
internal sealed class ShardedReader : CheckpointReader
{
    private readonly Dictionary<string, SafetensorsReader> shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsReader> shardOf = new(StringComparer.Ordinal);

    public ShardedReader(string path)
        : base(path)
    {
        try
        {
            foreach ((string name, string shard) in SafetensorsIndex.Read(path).Shards)
            {
                Add(name, shard);
            }
        }
        catch
        {
            Dispose(disposing: true);
            throw;
        }
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Files => [Path, .. shards.Values.Select(shard => shard.Path)];

    private protected override void ReadStored(string storedName, Span<float> destination) =>
        shardOf[storedName].Read(StoredName.WithoutWrappers(storedName), destination);

    private protected override void Dispose(bool disposing)
    {
        foreach (SafetensorsReader shard in shards.Values)
        {
            shard.Dispose();
        }
    }

    private void Add(string storedName, string shardName)
    {
        string name = StoredName.WithoutWrappers(storedName);
        SafetensorsReader shard = OpenShard(shardName);
        if (!shard.Contains(name))
        {
            throw new CheckpointException($"{shard.Path}: has no tensor {storedName}, which {Path} places there");
        }

        AddTensor(storedName, shard.Shape(name), shard.DataType(name));
        shardOf.Add(storedName, shard);
    }

    private SafetensorsReader OpenShard(string name)
    {
        if (shards.TryGetValue(name, out SafetensorsReader? known))
        {
            return known;
        }

        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name);
        try
        {
            SafetensorsReader shard = new(path);
            shards.Add(name, shard);
            return shard;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                System.IO.Path.Exists(path) ? $"{path}: cannot be read: {exception.Message}"
                : $"{path}: is missing: {Path} places tensors there", exception);
        }
    }
}
