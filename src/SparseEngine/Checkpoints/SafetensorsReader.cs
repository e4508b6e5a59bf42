using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SparseEngine.Checkpoints;

/// <summary>Reads a .safetensors file: the header's length (8 bytes, little endian), a JSON header, the tensors' bytes.</summary>
internal sealed class SafetensorsReader : CheckpointReader
{
    private const string MetadataKey = "__metadata__";

    // The format's own limit.
    private const long LargestHeader = 100_000_000;

    // Each type's size in bytes and its way to float32.
    private static readonly Dictionary<string, (int Size, Action<byte[], Span<float>> Convert)> Readers = new(StringComparer.Ordinal)
    {
        ["F32"] = (4, (bytes, destination) => MemoryMarshal.Cast<byte, float>(bytes).CopyTo(destination)),
        ["F16"] = (2, (bytes, destination) => Convert<Half>(bytes, destination, value => (float)value)),
        ["BF16"] = (2, (bytes, destination) => Convert<ushort>(bytes, destination, value => BitConverter.UInt32BitsToSingle((uint)value << 16))),
        ["F64"] = (8, (bytes, destination) => Convert<double>(bytes, destination, value => (float)value)),
        ["I64"] = (8, (bytes, destination) => Convert<long>(bytes, destination, value => value)),
        ["U64"] = (8, (bytes, destination) => Convert<ulong>(bytes, destination, value => value)),
        ["I32"] = (4, (bytes, destination) => Convert<int>(bytes, destination, value => value)),
        ["U32"] = (4, (bytes, destination) => Convert<uint>(bytes, destination, value => value)),
        ["I16"] = (2, (bytes, destination) => Convert<short>(bytes, destination, value => value)),
        ["U16"] = (2, (bytes, destination) => Convert<ushort>(bytes, destination, value => value)),
        ["I8"] = (1, (bytes, destination) => Convert<sbyte>(bytes, destination, value => value)),
        ["U8"] = (1, (bytes, destination) => Convert<byte>(bytes, destination, value => value)),
        ["BOOL"] = (1, (bytes, destination) => Convert<byte>(bytes, destination, value => value)),
    };

    private readonly FileStream file;
    private readonly Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
    private readonly long dataStart;

    public SafetensorsReader(string path)
        : base(path)
    {
        file = File.OpenRead(path);
        try
        {
            Span<byte> length = stackalloc byte[8];
            file.ReadExactly(length);
            long headerLength = BinaryPrimitives.ReadInt64LittleEndian(length);
            if (headerLength is < 2 or > LargestHeader || headerLength > file.Length - 8)
            {
                throw new CheckpointException($"{path}: is damaged: its header of {headerLength} bytes does not fit a file of {file.Length}");
            }

            dataStart = 8 + headerLength;
            byte[] header = new byte[headerLength];
            file.ReadExactly(header);
            Metadata = ReadHeader(header);
        }
        catch (JsonException exception)
        {
            file.Dispose();
            throw new CheckpointException($"{path}: is damaged: its header is not valid JSON", exception);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        StoredTensor tensor = tensors[storedName];
        file.Position = dataStart + tensor.Start;
        byte[] bytes = new byte[tensor.End - tensor.Start];
        file.ReadExactly(bytes);
        Readers[tensor.Type].Convert(bytes, destination);
    }

    private protected override void Dispose(bool disposing) => file.Dispose();

    private ImmutableDictionary<string, string> ReadHeader(byte[] header)
    {
        ImmutableDictionary<string, string> metadata = ImmutableDictionary<string, string>.Empty;
        using JsonDocument document = JsonDocument.Parse(header);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            if (entry.Name == MetadataKey)
            {
                metadata = entry.Value.EnumerateObject().ToImmutableDictionary(pair => pair.Name, pair => pair.Value.ToString());
            }
            else
            {
                AddEntry(entry);
            }
        }

        return metadata;
    }

    private void AddEntry(JsonProperty entry)
    {
        if (entry.Value.ValueKind != JsonValueKind.Object
            || !entry.Value.TryGetProperty("dtype", out JsonElement type)
            || !entry.Value.TryGetProperty("shape", out JsonElement dimensions)
            || !entry.Value.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.GetArrayLength() != 2)
        {
            throw new CheckpointException($"{Path}: is damaged: {entry.Name} has no dtype, shape and data_offsets");
        }

        StoredTensor tensor = new(type.GetString() ?? "", offsets[0].GetInt64(), offsets[1].GetInt64());
        int size = Readers.TryGetValue(tensor.Type, out (int Size, Action<byte[], Span<float>> Convert) reader)
            ? reader.Size
            : throw new CheckpointException($"{Path}: {entry.Name} has the dtype {tensor.Type}; valid: {string.Join(", ", Readers.Keys)}");
        ImmutableArray<int> shape = [.. dimensions.EnumerateArray().Select(dimension => dimension.GetInt32())];
        long bytes = shape.Aggregate((long)size, (product, dimension) => checked(product * dimension));
        if (tensor.Start < 0 || tensor.End - tensor.Start != bytes || tensor.End > file.Length - dataStart)
        {
            throw new CheckpointException($"{Path}: is damaged: {entry.Name} needs {bytes} bytes at {tensor.Start} to {tensor.End} of {file.Length - dataStart}");
        }

        tensors.Add(entry.Name, tensor);
        AddTensor(entry.Name, shape);
    }

    private static void Convert<T>(byte[] bytes, Span<float> destination, Func<T, float> convert)
        where T : unmanaged
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = convert(values[i]);
        }
    }

    private sealed record StoredTensor(string Type, long Start, long End);
}
