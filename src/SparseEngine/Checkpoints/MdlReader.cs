using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using PureHDF;
using PureHDF.VOL.Native;
using SparseEngine.Hdf5;

namespace SparseEngine.Checkpoints;

/// <summary>Reads an .mdl file, this program's or the Model Zoo's: HDF5, one dataset per tensor.</summary>
internal sealed class MdlReader : CheckpointReader
{
    private readonly Hdf5Input file;
    private readonly Dictionary<string, uint> checksums;
    private readonly Hdf5Elements elements = new();

    // Those of the Model Zoo's values that are more than a dataset of numbers, by the dataset's name.
    private readonly Dictionary<string, ZooValue> special = [];

    public MdlReader(string path)
        : base(path)
    {
        Guard("the file", CheckStructure);
        file = Guard("the file", () => new Hdf5Input(path));
        try
        {
            checksums = Guard("the list of checksums", ReadChecksums);
            ZooFile? zoo = checksums.Count == 0 ? Guard("the list of tensors", () => ZooFile.Read(path, file)) : null;
            if (zoo is not null)
            {
                AddTensors(zoo);
            }
            else
            {
                foreach ((string name, ImmutableArray<int> shape, string dataType) in Guard("the list of tensors", ReadDescriptions))
                {
                    AddTensor(name, shape, dataType);
                }
            }

            CheckpointAttributes attributes = Guard("the training state", () => file.Read(CheckpointAttributes.Read));
            if (attributes.State is not null && checksums.Count == 0 && zoo is null)
            {
                throw new CheckpointException($"{path}: is damaged: the list of checksums is missing");
            }

            if (checksums.Remove(CheckpointLayout.Attributes, out uint expected)
                && CheckpointAttributes.Checksum(attributes.State, attributes.Metadata) != expected)
            {
                throw new CheckpointException($"{path}: is damaged: the training state does not have its checksum");
            }

            if (checksums.Keys.FirstOrDefault(name => !Holds(name)) is { } missing)
            {
                throw new CheckpointException($"{path}: is damaged: {missing} is missing");
            }

            State = attributes.State ?? zoo?.State;
            Metadata = zoo?.Metadata.SetItems(attributes.Metadata) ?? attributes.Metadata;
            Warnings = zoo?.Warnings ?? [];
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        ZooValue? value = special.GetValueOrDefault(storedName);
        if (value is { OtherFile: { } other })
        {
            throw new CheckpointException(
                $"{Path}: the elements of {storedName} are in another file, {other}, which is not read; load the checkpoint with the Model Zoo "
                + "and save it whole");
        }

        if (value is { Fill: { } fill })
        {
            destination.Fill(fill);
            return;
        }

        try
        {
            file.Read(root => Dataset(root, storedName), value is null ? elements.Read : elements.ReadBfloat16, destination);
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(storedName, exception);
        }

        if (checksums.TryGetValue(storedName, out uint expected) && Crc32.HashToUInt32(MemoryMarshal.AsBytes(destination)) != expected)
        {
            throw new CheckpointException($"{Path}: is damaged: {storedName} does not have its checksum");
        }
    }

    private protected override void Dispose(bool disposing) => file.Dispose();

    private void AddTensors(ZooFile zoo)
    {
        foreach ((string name, ZooValue value) in zoo.Tensors)
        {
            AddTensor(value.StoredName, name, value.Shape, value.DataType);
            if (value.OtherFile is not null || value.Fill is not null || value.IsBfloat16)
            {
                special.Add(value.StoredName, value);
            }
        }
    }

    // HDF5 readers do not look at what they do not need, so a file whose end is missing may seem whole:
    // the superblock says where it must end (HDF5 File Format Specification, II.A).
    private bool CheckStructure()
    {
        Span<byte> superblock = stackalloc byte[52];
        using FileStream stream = File.OpenRead(Path);
        int read = stream.ReadAtLeast(superblock, superblock.Length, throwOnEndOfStream: false);
        int endOfFileAt = superblock[8] switch { 0 => 40, 1 => 44, _ => 28 };
        long end = read == superblock.Length ? BinaryPrimitives.ReadInt64LittleEndian(superblock[endOfFileAt..]) : superblock.Length;
        if (end < 0 || stream.Length < end)
        {
            throw new CheckpointException($"{Path}: is damaged: it has {stream.Length} of {(ulong)end} bytes");
        }

        return StructureChecksum.Verify(stream, end)
            ? true
            : throw new CheckpointException($"{Path}: is damaged: its structure does not have its checksum");
    }

    private NativeDataset Dataset(NativeFile root, string name) => file.CheckSize((NativeDataset)root.Dataset(name));

    private Dictionary<string, uint> ReadChecksums()
    {
        string lines = file.Read(root => root.LinkExists(CheckpointLayout.Checksums)
            ? Encoding.UTF8.GetString(Dataset(root, CheckpointLayout.Checksums).Read<byte[]>())
            : "");
        Dictionary<string, uint> sums = new(StringComparer.Ordinal);
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length < 10
                || !uint.TryParse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint sum)
                || !sums.TryAdd(line[9..], sum))
            {
                throw new InvalidDataException("its lines are not checksums and names");
            }
        }

        return sums;
    }

    private IReadOnlyList<(string Name, ImmutableArray<int> Shape, string DataType)> ReadDescriptions() =>
    [
        .. file.List(dataset => dataset.Name != CheckpointLayout.Checksums && Hdf5Elements.AreNumbers(dataset) ? file.CheckSize(dataset) : null)
            .OfType<NativeDataset>()
            .Select(dataset => (dataset.Name, ShapeOf(dataset.Name, dataset.Space.Dimensions), Hdf5Elements.DataType(dataset))),
    ];

    private static ImmutableArray<int> ShapeOf(string name, ulong[] dimensions) =>
        dimensions.All(dimension => dimension <= int.MaxValue)
            ? [.. dimensions.Select(dimension => (int)dimension)]
            : throw new InvalidDataException($"{name} is [{string.Join(", ", dimensions)}]");

    private T Guard<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Damaged(what, exception);
        }
    }

    private CheckpointException Damaged(string what, Exception exception) =>
        new($"{Path}: is damaged: {what} cannot be read: {exception.Message}", exception);
}
