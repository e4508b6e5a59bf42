using PureHDF.Selections;
using PureHDF.VOL.Native;
using SparseEngine.Files;
using SparseEngine.Hdf5;

namespace SparseEngine.Data;

/// <summary>The Model Zoo's HDF5 samples: files with a dataset <c>data</c> int32 [n, 3, sequence] of input ids, loss mask and labels.</summary>
internal sealed class GptHdf5Source : ISampleSource
{
    private const int Rows = 3;
    private const int CacheBytes = 16 << 20;

    private readonly List<SampleFile> files = [];
    private readonly int vocabularySize;
    private readonly bool takesFirstLength;
    private SampleFile? cachedFile;
    private SimpleReadingChunkCache cachedChunks = new(byteCount: CacheBytes);

    private GptHdf5Source(int? sequenceLength, int vocabularySize)
    {
        SequenceLength = sequenceLength ?? 0;
        takesFirstLength = sequenceLength is null;
        this.vocabularySize = vocabularySize;
    }

    public int Count { get; private set; }

    public int SequenceLength { get; private set; }

    /// <summary>Opens all files of some folders, or single files, each folder's in name order and each real file once.</summary>
    /// <param name="paths">Folders and files.</param>
    /// <param name="sequenceLength">Tokens in a sample; null for as many as the first file's have.</param>
    /// <param name="vocabularySize">The model's vocabulary.</param>
    /// <exception cref="DataException">There are none, or one is not such a file.</exception>
    public static GptHdf5Source Open(IReadOnlyList<string> paths, int? sequenceLength, int vocabularySize)
    {
        GptHdf5Source source = new(sequenceLength, vocabularySize);
        try
        {
            foreach (WalkedFile file in FolderWalk.Once([.. paths.SelectMany(FilesOf)]))
            {
                source.Add(file.Path);
            }

            return source.Count > 0 ? source : throw new DataException($"{string.Join(", ", paths)}: the files hold no samples");
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public void Read(int index, Span<int> inputIds, Span<int> mask, Span<int> labels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        (SampleFile file, int sample) = Find(index);
        int[] data = Read(file, sample);
        ReadOnlySpan<int> ids = data.AsSpan(0, SequenceLength);
        ReadOnlySpan<int> counts = data.AsSpan(SequenceLength, SequenceLength);
        ReadOnlySpan<int> next = data.AsSpan(2 * SequenceLength, SequenceLength);
        for (int i = 0; i < SequenceLength; i++)
        {
            CheckToken(file, sample, "input id", i, ids[i]);
            if (counts[i] is not (0 or 1))
            {
                throw new DataException($"{file.Path}: sample {sample}, position {i}: the attention mask is {counts[i]}; valid: 0, 1");
            }

            if (counts[i] == 1)
            {
                CheckToken(file, sample, "label", i, next[i]);
            }
        }

        ids.CopyTo(inputIds);
        counts.CopyTo(mask);
        next.CopyTo(labels);
    }

    public (string? File, int Sample) PlaceOf(int index)
    {
        (SampleFile file, int sample) = Find(index);
        return (file.Path, sample);
    }

    public void Dispose()
    {
        foreach (SampleFile file in files)
        {
            file.File.Dispose();
        }

        files.Clear();
    }

    private (SampleFile File, int Sample) Find(int index)
    {
        SampleFile file = files[files.FindLastIndex(candidate => candidate.First <= index)];
        return (file, index - file.First);
    }

    private static IReadOnlyList<WalkedFile> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [DataFiles.Named(path)];
        }

        IReadOnlyList<WalkedFile> found = DataFiles.InFolder(
            path, SearchOption.TopDirectoryOnly, file => file.EndsWith(".h5", StringComparison.Ordinal));
        return found.Count > 0
            ? found
            : throw new DataException($"{path}: has no .h5 files; GptHDF5DataProcessor reads files with a dataset \"data\"");
    }

    private void Add(string path)
    {
        if (new FileInfo(RealPath.Of(path) ?? path) is { Exists: true, Length: 0 })
        {
            // A pipe has no length either, and a read would wait in it.
            throw new DataException($"{path}: cannot be read as HDF5: it has no bytes");
        }

        Hdf5Input file = Guard(path, () => new Hdf5Input(path));
        try
        {
            (StoredSamples? found, string? problem) = Guard(path, () => file.Read(StoredSamples.Of));
            StoredSamples content = found ?? throw new DataException($"{path}: {problem}");
            ulong[] shape = content.Shape;
            if (shape.Length != 3 || shape[1] != Rows || !content.IsInt32)
            {
                throw new DataException(
                    $"{path}: dataset \"data\" is {content.Type} [{string.Join(", ", shape)}]; int32 [samples, 3, sequence] is needed");
            }

            if (takesFirstLength && files.Count == 0 && shape[2] is > 0 and <= int.MaxValue / Rows)
            {
                SequenceLength = (int)shape[2];
            }

            if (shape[2] != (ulong)SequenceLength)
            {
                string needed = takesFirstLength ? $"those of the files before it {SequenceLength}" : $"max_sequence_length is {SequenceLength}";
                throw new DataException($"{path}: the samples have {Counted.Of((long)shape[2], "token")}, {needed}");
            }

            if (content.StatedSamples is { } stated && (ulong)stated != shape[0])
            {
                throw new DataException(
                    $"{path}: the attribute n_examples is {stated}, the dataset \"data\" has {Counted.Of((long)shape[0], "sample")}");
            }

            Guard(path, () => file.CheckSize(content.Dataset));
            if (shape[0] > (ulong)(int.MaxValue - Count))
            {
                throw new DataException($"{path}: with its {Counted.Of((long)shape[0], "sample")} there are more than {int.MaxValue}");
            }

            files.Add(new SampleFile(path, file, content.Dataset, Count));
            Count += (int)shape[0];
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private int[] Read(SampleFile file, int sample)
    {
        // Neighbouring samples share compressed chunks. One file's are kept, so that many files do not add up to much memory.
        if (cachedFile != file)
        {
            cachedFile = file;
            cachedChunks = new SimpleReadingChunkCache(byteCount: CacheBytes);
        }

        return Guard($"{file.Path}: dataset \"data\"", () => file.File.Read(_ => file.Dataset.Read<int[]>(
            new H5DatasetAccess(ChunkCache: cachedChunks),
            fileSelection: new HyperslabSelection(3, [(ulong)sample, 0, 0], [1, Rows, (ulong)SequenceLength]),
            memorySelection: new HyperslabSelection(0, (ulong)(Rows * SequenceLength)),
            memoryDims: [(ulong)(Rows * SequenceLength)])));
    }

    private void CheckToken(SampleFile file, int sample, string what, int position, int token)
    {
        if ((uint)token >= (uint)vocabularySize)
        {
            throw new DataException(
                $"{file.Path}: sample {sample}, position {position}: {what} {token} is outside model.vocab_size {vocabularySize}");
        }
    }

    private static T Guard<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException exception)
        {
            throw new DataException($"{place}: cannot be read as HDF5: {exception.Message}", exception);
        }
    }

    /// <summary>An open file and the index of its first sample.</summary>
    private sealed record SampleFile(string Path, Hdf5Input File, NativeDataset Dataset, int First);
}
