using System.Collections.Immutable;
using SparseEngine.Checkpoints.PyTorch;

namespace SparseEngine.Checkpoints;

/// <summary>Reads tensors that are spread over several .safetensors files, or files of torch.save, by their index.</summary>
internal sealed class ShardedReader : CheckpointReader
{
    private readonly Dictionary<string, CheckpointReader> shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CheckpointReader> shardOf = new(StringComparer.Ordinal);

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
        foreach (CheckpointReader shard in shards.Values)
        {
            shard.Dispose();
        }
    }

    private void Add(string storedName, string shardName)
    {
        string name = StoredName.WithoutWrappers(storedName);
        CheckpointReader shard = OpenShard(shardName);
        if (!shard.Contains(name))
        {
            throw new CheckpointException($"{shard.Path}: has no tensor {storedName}, which {Path} places there");
        }

        AddTensor(storedName, shard.Shape(name), shard.DataType(name));
        shardOf.Add(storedName, shard);
    }

    private CheckpointReader OpenShard(string name)
    {
        if (shards.TryGetValue(name, out CheckpointReader? known))
        {
            return known;
        }

        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name);
        try
        {
            CheckpointReader shard = IsTorchFile(path) ? new TorchReader(path) : new SafetensorsReader(path);
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

    private static bool IsTorchFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[4];
        return TorchFile.IsOne(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }
}
