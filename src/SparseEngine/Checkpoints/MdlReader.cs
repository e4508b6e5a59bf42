using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using PureHDF;
using PureHDF.VOL.Native;

namespace SparseEngine.Checkpoints;

/// <summary>Reads an .mdl file: HDF5, one dataset per tensor.</summary>
internal sealed class MdlReader : CheckpointReader
{
    private readonly NativeFile file;
    private readonly Dictionary<string, uint> checksums;
    private readonly Hdf5Elements elements = new();

    public MdlReader(string path)
        : base(path)
    {
        Guard("its superblock", CheckLength);
        file = Guard("the file", () => H5File.OpenRead(path));
        try
        {
            checksums = Guard("the list of checksums", ReadChecksums);
            foreach ((string name, ImmutableArray<int> shape, string dataType) in Guard("the list of tensors", ReadDescriptions))
            {
                AddTensor(name, shape, dataType);
            }

            CheckpointAttributes attributes = Guard("the training state", () => CheckpointAttributes.Read(file));
            if (attributes.State is not null && checksums.Count == 0)
            {
                throw new CheckpointException($"{path}: is damaged: the list of checksums is missing");
            }

            if (checksums.Remove(CheckpointLayout.Attributes, out uint expected) && CheckpointAttributes.Checksum(attributes.State, attributes.Metadata) != expected)
            {
                throw new CheckpointException($"{path}: is damaged: the training state does not have its checksum");
            }

            if (checksums.Keys.FirstOrDefault(name => !Holds(name)) is { } missing)
            {
                throw new CheckpointException($"{path}: is damaged: {missing} is missing");
            }

            State = attributes.State;
            Metadata = attributes.Metadata;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        try
        {
            elements.Read((NativeDataset)file.Dataset(storedName), destination);
        }
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw Damaged(storedName, exception);
        }

        if (checksums.TryGetValue(storedName, out uint expected) && Crc32.HashToUInt32(MemoryMarshal.AsBytes(destination)) != expected)
        {
            throw new CheckpointException($"{Path}: is damaged: {storedName} does not have its checksum");
        }
    }

    private protected override void Dispose(bool disposing) => file.Dispose();

    // HDF5 readers do not look at what they do not need, so a file whose end is missing may seem whole:
    // the superblock says where it must end (HDF5 File Format Specification, II.A).
    private bool CheckLength()
    {
        Span<byte> superblock = stackalloc byte[52];
        using FileStream stream = File.OpenRead(Path);
        int read = stream.ReadAtLeast(superblock, superblock.Length, throwOnEndOfStream: false);
        int endOfFileAt = superblock[8] switch { 0 => 40, 1 => 44, _ => 28 };
        long end = read == superblock.Length ? BinaryPrimitives.ReadInt64LittleEndian(superblock[endOfFileAt..]) : superblock.Length;
        return stream.Length >= end ? true : throw new CheckpointException($"{Path}: is damaged: it has {stream.Length} of {end} bytes");
    }

    private Dictionary<string, uint> ReadChecksums()
    {
        if (!file.LinkExists(CheckpointLayout.Checksums))
        {
            return [];
        }

        string lines = Encoding.UTF8.GetString(file.Dataset(CheckpointLayout.Checksums).Read<byte[]>());
        return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line[9..], line => uint.Parse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture), StringComparer.Ordinal);
    }

    private List<(string Name, ImmutableArray<int> Shape, string DataType)> ReadDescriptions() =>
    [
        .. file.Children().OfType<IH5Dataset>()
            .Where(dataset => dataset.Name != CheckpointLayout.Checksums && Hdf5Elements.AreNumbers(dataset))
            .Select(dataset => (dataset.Name, dataset.Space.Dimensions.Select(dimension => checked((int)dimension)).ToImmutableArray(), Hdf5Elements.DataType(dataset))),
    ];

    // PureHDF reports damage by whatever exception its parser ran into.
    private T Guard<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031
        catch (Exception exception) when (exception is not CheckpointException)
#pragma warning restore CA1031
        {
            throw Damaged(what, exception);
        }
    }

    private CheckpointException Damaged(string what, Exception exception) =>
        new($"{Path}: is damaged: {what} cannot be read: {exception.Message}", exception);
}
