using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Tests.Shared;

/// <summary>A tensor of a .safetensors file, which is put together here byte by byte from the format's description.</summary>
internal sealed record StoredTensor(string Name, string Type, int[] Shape, byte[] Data)
{
    /// <summary>A float32 tensor.</summary>
    public static StoredTensor Single(string name, int[] shape, float[] values)
    {
        byte[] data = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * sizeof(float)), values[i]);
        }

        return new StoredTensor(name, "F32", shape, data);
    }

    /// <summary>A file: 8 bytes of header length, little endian; the header, JSON; the tensors' bytes, one after the other.</summary>
    public static byte[] File(IEnumerable<StoredTensor> tensors)
    {
        StringBuilder header = new("""{"__metadata__":{"format":"pt"}""");
        List<byte> data = [];
        foreach (StoredTensor tensor in tensors)
        {
            header.Append($$""","{{tensor.Name}}":{"dtype":"{{tensor.Type}}","shape":[{{string.Join(',', tensor.Shape)}}],"data_offsets":""");
            header.Append($$"""[{{data.Count}},{{data.Count + tensor.Data.Length}}]}""");
            data.AddRange(tensor.Data);
        }

        byte[] json = Encoding.UTF8.GetBytes(header.Append('}').ToString());
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        return [.. length, .. json, .. data];
    }
}
