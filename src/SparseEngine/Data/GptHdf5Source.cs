using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;
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

    /// <summary>Opens all files of some folders, or single files, each folder's in name order.</summary>
    /// <param name="paths">Folders and files.</param>
    /// <param name="sequenceLength">Tokens in a sample; null for as many as the first file's have.</param>
    /// <param name="vocabularySize">The model's vocabulary.</param>
    /// <exception cref="DataException">There are none, or one is not such a file.</exception>
    public static GptHdf5Source Open(IReadOnlyList<string> paths, int? sequenceLength, int vocabularySize)
    {
        GptHdf5Source source = new(sequenceLength, vocabularySize);
        try
        {
            foreach (string file in paths.SelectMany(FilesOf))
            {
                source.Add(file);
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

    private static IEnumerable<string> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        string[] found = [.. Directory.EnumerateFiles(path, "*.h5").Order(StringComparer.Ordinal)];
        return found.Length > 0 ? found : throw new DataException($"{path}: has no .h5 files; GptHDF5DataProcessor reads files with a dataset \"data\"");
    }

    private void Add(string path)
    {
        Hdf5Input file = Guard(path, () => new Hdf5Input(path));
        try
        {
            Content content = Guard(path, () => file.Read(Content.Of)) ?? throw new DataException($"{path}: has no dataset \"data\"");
            ulong[] shape = content.Shape;
            if (shape.Length != 3 || shape[1] != Rows || !content.IsInt32)
            {
                throw new DataException($"{path}: dataset \"data\" is {content.Type} [{string.Join(", ", shape)}]; int32 [samples, 3, sequence] is needed");
            }

            if (takesFirstLength && files.Count == 0 && shape[2] is > 0 and <= int.MaxValue / Rows)
            {
                SequenceLength = (int)shape[2];
            }

            if (shape[2] != (ulong)SequenceLength)
            {
                string needed = takesFirstLength ? $"those of the files before it {SequenceLength}" : $"max_sequence_length is {SequenceLength}";
                throw new DataException($"{path}: the samples have {shape[2]} tokens, {needed}");
            }

            if (content.StatedSamples is { } stated && (ulong)stated != shape[0])
            {
                throw new DataException($"{path}: the attribute n_examples is {stated}, the dataset \"data\" has {shape[0]} samples");
            }

            Guard(path, () => file.CheckSize(content.Dataset));
            if (shape[0] > (ulong)(int.MaxValue - Count))
            {
                throw new DataException($"{path}: with its {shape[0]} samples there are more than {int.MaxValue}");
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

        return Guard(file.Path, () => file.File.Read(_ => file.Dataset.Read<int[]>(
            new H5DatasetAccess(ChunkCache: cachedChunks),
            fileSelection: new HyperslabSelection(3, [(ulong)sample, 0, 0], [1, Rows, (ulong)SequenceLength]),
            memorySelection: new HyperslabSelection(0, (ulong)(Rows * SequenceLength)),
            memoryDims: [(ulong)(Rows * SequenceLength)])));
    }

    private void CheckToken(SampleFile file, int sample, string what, int position, int token)
    {
        if ((uint)token >= (uint)vocabularySize)
        {
            throw new DataException($"{file.Path}: sample {sample}, position {position}: {what} {token} is outside model.vocab_size {vocabularySize}");
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException exception)
        {
            throw new DataException($"{path}: cannot be read as HDF5: {exception.Message}", exception);
        }
    }

    /// <summary>An open file and the index of its first sample.</summary>
    private sealed record SampleFile(string Path, Hdf5Input File, NativeDataset Dataset, int First);

    /// <summary>What a file says of its samples.</summary>
    private sealed record Content(NativeDataset Dataset, ulong[] Shape, bool IsInt32, string Type, long? StatedSamples)
    {
        private const string Samples = "data";
        private const string Number = "n_examples";

        /// <summary>Finds the samples; null where there are none.</summary>
        public static Content? Of(NativeFile root)
        {
            if (!root.LinkExists(Samples))
            {
                return null;
            }

            NativeDataset dataset = (NativeDataset)root.Dataset(Samples);
            IH5DataType type = dataset.Type;
            return new Content(
                dataset,
                dataset.Space.Dimensions,
                type.Class == H5DataTypeClass.FixedPoint && type.Size == sizeof(int),
                $"{type.Class} of {type.Size} bytes",
                root.AttributeExists(Number) ? ReadInteger(root.Attribute(Number)) : null);
        }

        // h5py writes a Python int with 8 bytes, a numpy one with its own size.
        private static long ReadInteger(IH5Attribute attribute) => attribute.Type.Size == sizeof(int) ? attribute.Read<int>() : attribute.Read<long>();
    }
}
