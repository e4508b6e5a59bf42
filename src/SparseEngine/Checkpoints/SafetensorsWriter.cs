using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using SparseEngine.Files;

namespace SparseEngine.Checkpoints;

/// <summary>Writes tensors as a .safetensors file, for other programs to read.</summary>
internal static class SafetensorsWriter
{
    // Tensors start at a multiple of this, so that readers may map them into memory.
    private const int Alignment = 8;

    /// <summary>Writes float32 tensors whole or not at all; a file of that name stays as it is until the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">What it holds; each is filled once, one after the other in this order.</param>
    /// <param name="metadata">Texts to keep beside it; null for none.</param>
    /// <param name="state">Where the run stands, kept among the texts; null for none.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorWriter> tensors, IReadOnlyDictionary<string, string>? metadata = null, TrainingState? state = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        byte[] header = Header(tensors, SafetensorsState.Join(state, metadata ?? ImmutableDictionary<string, string>.Empty));
        TensorBuffer buffer = new(tensors);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (TensorWriter tensor in tensors)
            {
                foreach (ArraySegment<float> part in buffer.Parts(tensor))
                {
                    stream.Write(MemoryMarshal.AsBytes(part.AsSpan()));
                }
            }
        });
    }

    private static byte[] Header(IReadOnlyList<TensorWriter> tensors, ImmutableSortedDictionary<string, string> metadata)
    {
        using MemoryStream json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            if (!metadata.IsEmpty)
            {
                writer.WritePropertyName(SafetensorsHeader.MetadataKey);
                JsonSerializer.Serialize(writer, metadata);
            }

            long start = 0;
            foreach (TensorWriter tensor in tensors)
            {
                long end = start + ((long)tensor.Elements * sizeof(float));
                writer.WritePropertyName(tensor.Name);
                JsonSerializer.Serialize(
                    writer, new { dtype = SafetensorsType.Single.Name, shape = tensor.Shape, data_offsets = new[] { start, end } });
                start = end;
            }

            writer.WriteEndObject();
        }

        // The format pads its header with spaces.
        while (json.Length % Alignment != 0)
        {
            json.WriteByte((byte)' ');
        }

        return json.ToArray();
    }
}
