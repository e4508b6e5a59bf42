using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SparseEngine.Checkpoints;

/// <summary>Reads a .safetensors file: the header's length (8 bytes, little endian), a JSON header, the tensors' bytes.</summary>
internal sealed class SafetensorsReader : CheckpointReader
{
    // A tensor takes about 100 bytes of it: room for 150,000 of them. Parsed, a header takes many times its size;
    // the format allows six times as much.
    private const long LargestHeader = 16 << 20;

    // Elements converted at a time.
    private const int Chunk = 1 << 16;

    private readonly FileStream file;
    private readonly Dictionary<string, SafetensorsEntry> entries;
    private readonly long dataStart;

    public SafetensorsReader(string path)
        : base(path)
    {
        file = File.OpenRead(path);
        try
        {
            Span<byte> length = stackalloc byte[sizeof(long)];
            file.ReadExactly(length);
            long headerLength = BinaryPrimitives.ReadInt64LittleEndian(length);
            if (headerLength is < 2 or > LargestHeader || headerLength > file.Length - length.Length)
            {
                throw new CheckpointException(
                    ForeignFile.Describe(path) is { } foreign ? $"{path}: is not a checkpoint but {foreign}"
                    : SafetensorsIndex.IsJson(length) ? $"{path}: is JSON and no .safetensors file"
                    : $"{path}: is damaged: its header of {headerLength} bytes does not fit a file of {file.Length}, "
                        + $"or the {LargestHeader} bytes that a header may have here");
            }

            dataStart = length.Length + headerLength;
            byte[] json = new byte[headerLength];
            file.ReadExactly(json);
            SafetensorsHeader header = SafetensorsHeader.Parse(path, json, file.Length - dataStart);
            (State, Metadata) = SafetensorsState.Split(header.Metadata);
            entries = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
            foreach (SafetensorsEntry entry in header.Entries)
            {
                AddTensor(entry.Name, entry.Shape, entry.Type.DataType);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void ReadStored(string storedName, Span<float> destination)
    {
        SafetensorsEntry entry = entries[storedName];
        file.Position = dataStart + entry.Start;
        if (entry.Type == SafetensorsType.Single)
        {
            file.ReadExactly(MemoryMarshal.AsBytes(destination));
            return;
        }

        byte[] buffer = new byte[Math.Min(Chunk, destination.Length) * entry.Type.Size];
        for (int done = 0; done < destination.Length; done += Chunk)
        {
            Span<float> chunk = destination[done..Math.Min(done + Chunk, destination.Length)];
            Span<byte> bytes = buffer.AsSpan(0, chunk.Length * entry.Type.Size);
            file.ReadExactly(bytes);
            entry.Type.ToSingle(bytes, chunk);
        }
    }

    private protected override void Dispose(bool disposing) => file.Dispose();
}
