using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace SparseEngine.Tests.Shared;

/// <summary>Files of torch.save, put together byte by byte: pickles from the opcodes of Python's pickletools, and both formats around them.</summary>
internal static class TorchBytes
{
    public static readonly byte[] None = [(byte)'N'];

    public static readonly byte[] True = [0x88];

    public static readonly byte[] False = [0x89];

    /// <summary>A whole pickle of one value.</summary>
    public static byte[] Pickle(byte[] value, byte protocol = 2) => [0x80, protocol, .. value, (byte)'.'];

    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)'X', .. BitConverter.GetBytes(bytes.Length), .. bytes];
    }

    public static byte[] Integer(BigInteger integer)
    {
        if (integer >= int.MinValue && integer <= int.MaxValue)
        {
            return [(byte)'J', .. BitConverter.GetBytes((int)integer)];
        }

        byte[] bytes = integer.ToByteArray();
        return [0x8A, (byte)bytes.Length, .. bytes];
    }

    public static byte[] Number(double number)
    {
        byte[] bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
        return [(byte)'G', .. bytes];
    }

    public static byte[] Global(string module, string name) => [(byte)'c', .. Encoding.ASCII.GetBytes($"{module}\n{name}\n")];

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] List(params byte[][] items) => [(byte)']', (byte)'(', .. items.SelectMany(item => item), (byte)'e'];

    public static byte[] Dictionary(params (string Key, byte[] Value)[] pairs) =>
        [(byte)'}', (byte)'(', .. pairs.SelectMany(pair => (byte[])[.. Text(pair.Key), .. pair.Value]), (byte)'u'];

    public static byte[] Call(byte[] function, params byte[][] arguments) => [.. function, .. Tuple(arguments), (byte)'R'];

    /// <summary>A storage.</summary>
    /// <param name="type">The class: <c>FloatStorage</c>.</param>
    /// <param name="key">Its key.</param>
    /// <param name="count">Its elements.</param>
    /// <param name="more">What the older format has behind them.</param>
    public static byte[] Storage(string type, string key, BigInteger count, params byte[][] more) =>
        [.. Tuple([Text("storage"), Global("torch", type), Text(key), Text("cpu"), Integer(count), .. more]), (byte)'Q'];

    public static byte[] Tensor(byte[] storage, BigInteger offset, BigInteger[] shape, BigInteger[] strides) => Call(
        Global("torch._utils", "_rebuild_tensor_v2"),
        storage, Integer(offset), Tuple([.. shape.Select(Integer)]), Tuple([.. strides.Select(Integer)]), False,
        Call(Global("collections", "OrderedDict")));

    /// <summary>A contiguous float32 tensor in a storage of its own.</summary>
    public static byte[] Tensor(string key, params int[] shape)
    {
        BigInteger[] strides = [.. shape.Select((_, i) => shape.Skip(i + 1).Aggregate(BigInteger.One, (product, size) => product * size))];
        BigInteger count = shape.Aggregate(BigInteger.One, (product, size) => product * size);
        return Tensor(Storage("FloatStorage", key, count), 0, [.. shape.Select(size => (BigInteger)size)], strides);
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    /// <summary>The zip format.</summary>
    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Bytes)[] storages) =>
        Archive([("data.pkl", pickle), ("byteorder", "little"u8.ToArray()), .. storages.Select(storage => ($"data/{storage.Name}", storage.Bytes))]);

    /// <summary>A zip archive of these files in one folder.</summary>
    public static byte[] Archive((string Name, byte[] Bytes)[] files, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in files)
            {
                using Stream entry = zip.CreateEntry($"archive/{name}", compression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The format before it.</summary>
    /// <param name="pickle">The object.</param>
    /// <param name="storages">The storages: keys, elements as stated before the bytes, bytes.</param>
    public static byte[] Legacy(byte[] pickle, params (string Key, long Count, byte[] Bytes)[] storages) =>
    [
        .. Pickle(Integer(BigInteger.Parse("119547037146038801333356"))),
        .. Pickle(Integer(1001)),
        .. Pickle(Dictionary(("protocol_version", Integer(1001)), ("little_endian", True))),
        .. pickle,
        .. Pickle(List([.. storages.Select(storage => Text(storage.Key))])),
        .. storages.SelectMany(storage => (byte[])[.. BitConverter.GetBytes(storage.Count), .. storage.Bytes]),
    ];
}
