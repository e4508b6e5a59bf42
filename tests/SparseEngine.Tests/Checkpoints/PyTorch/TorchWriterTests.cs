using System.IO.Compression;
using System.IO.Hashing;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints.PyTorch;

public sealed class TorchWriterTests : IDisposable
{
    private static readonly float[] Exotic = [0f, -0f, BitConverter.UInt32BitsToSingle(0x7FC12345), float.NegativeInfinity, float.Epsilon, 1f / 3];
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_bit_survives_and_the_same_tensors_are_the_same_file()
    {
        string path = Write("pytorch_model.bin");
        byte[] first = File.ReadAllBytes(path);
        Write("pytorch_model.bin");
        Assert.Equal(first, File.ReadAllBytes(path));

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(["größe.weight", "empty", "scalar"], reader.Names);
        Assert.Equal([2, 3], reader.Shape("größe.weight"));
        Assert.Equal([0, 4], reader.Shape("empty"));
        Assert.Empty(reader.Shape("scalar"));
        float[] values = new float[6];
        reader.Read("größe.weight", values);
        Assert.Equal(Exotic.Select(BitConverter.SingleToUInt32Bits), values.Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void It_is_a_zip_archive_to_others_with_right_checksums_and_storages_aligned()
    {
        string path = Write("pytorch_model.bin");
        using ZipArchive zip = ZipFile.OpenRead(path);
        Assert.Equal(
            ["data.pkl", "byteorder", "data/0", "data/1", "data/2", "version", ".data/serialization_id"],
            zip.Entries.Select(entry => entry.FullName["pytorch_model/".Length..]));
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using Stream stream = entry.Open();
            using MemoryStream bytes = new();
            stream.CopyTo(bytes);
            Assert.Equal(entry.Crc32, Crc32.HashToUInt32(bytes.ToArray()));
            Assert.Equal(entry.Length, bytes.Length);
        }

        int start = File.ReadAllBytes(path).AsSpan().IndexOf(BitConverter.GetBytes(Exotic[2])) - (2 * sizeof(float));
        Assert.Equal(0, start % 64);
    }

    private string Write(string name)
    {
        string path = directory.File(name);
        TorchWriter.Write(
            path, [new("größe.weight", [2, 3], Exotic.CopyTo), new("empty", [0, 4], _ => { }), new("scalar", [], values => values[0] = 4)]);
        return path;
    }
}
