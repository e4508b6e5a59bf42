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

    public MdlReader(string path)
        : base(path)
    {
        Guard("its superblock", CheckLength);
        file = Guard("the file", () => H5File.OpenRead(path));
        try
        {
            checksums = Guard("the list of checksums", ReadChecksums);
            foreach (IH5Dataset dataset in Guard("the list of tensors", () => file.Children().OfType<IH5Dataset>().ToList()))
            {
                if (dataset.Type.Class == H5DataTypeClass.FloatingPoint && dataset.Type.Size == sizeof(float))
                {
                    AddTensor(dataset.Name, [.. dataset.Space.Dimensions.Select(dimension => checked((int)dimension))]);
                }
            }

            if (checksums.Keys.FirstOrDefault(name => !file.LinkExists(name)) is { } missing)
            {
                throw new CheckpointException($"{path}: is damaged: {missing} is missing");
            }

            State = Guard("the training state", ReadState);
            Metadata = Guard("the metadata", ReadMetadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        float[] values = Guard(storedName, () => file.Dataset(storedName).Read<float[]>());
        if (checksums.TryGetValue(storedName, out uint expected) && Crc32.HashToUInt32(MemoryMarshal.AsBytes(values.AsSpan())) != expected)
        {
            throw new CheckpointException($"{Path}: is damaged: {storedName} does not have its checksum");
        }

        values.CopyTo(destination);
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

    private TrainingState? ReadState() =>
        file.AttributeExists(CheckpointLayout.Version) && file.AttributeExists(CheckpointLayout.Step)
            ? new TrainingState(
                checked((int)file.Attribute(CheckpointLayout.Step).Read<long>()),
                file.Attribute(CheckpointLayout.SamplesConsumed).Read<long>(),
                checked((int)file.Attribute(CheckpointLayout.Seed).Read<long>()),
                checked((int)file.Attribute(CheckpointLayout.ShuffleSeed).Read<long>()))
            : null;

    private ImmutableDictionary<string, string> ReadMetadata() =>
        file.Attributes()
            .Where(attribute => attribute.Name.StartsWith(CheckpointLayout.Metadata, StringComparison.Ordinal))
            .ToImmutableDictionary(attribute => attribute.Name[CheckpointLayout.Metadata.Length..], attribute => attribute.Read<string>());

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
            throw new CheckpointException($"{Path}: is damaged: {what} cannot be read: {exception.Message}", exception);
        }
    }
}
