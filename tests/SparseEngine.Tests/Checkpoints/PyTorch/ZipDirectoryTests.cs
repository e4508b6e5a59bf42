using System.Text;
using SparseEngine.Checkpoints;
using static SparseEngine.Tests.Shared.TorchBytes;

namespace SparseEngine.Tests.Checkpoints.PyTorch;

public sealed class ZipDirectoryTests : IDisposable
{
    private static readonly byte[] Elsewhere = [0xFF, 0xFF, 0xFF, 0xFF];

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Zip64_numbers_are_read_where_the_directory_says_that_they_are_elsewhere()
    {
        using CheckpointReader reader = CheckpointReader.Open(Write(Zip64(shift: 0)));
        float[] values = new float[2];
        reader.Read("w", values);
        Assert.Equal([7, 8], values);
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-1L)]
    public void Zip64_numbers_that_lead_elsewhere_are_one_line(long shift)
    {
        string path = Write(Zip64(shift));
        string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message;
        Assert.StartsWith($"{path}: is damaged: ", message, StringComparison.Ordinal);
    }

    private string Write(byte[] file)
    {
        string path = directory.File("a.pt");
        File.WriteAllBytes(path, file);
        return path;
    }

    /// <summary>An archive with all numbers of its directory in Zip64 fields, as one of more than 4 GiB has them.</summary>
    /// <param name="shift">What is added to where each entry lies.</param>
    private static byte[] Zip64(long shift)
    {
        (string Name, byte[] Bytes)[] files = [("a/data.pkl", Pickle(Dictionary(("w", Tensor("0", 2))))), ("a/data/0", Floats(7, 8))];
        List<byte> file = [];
        List<byte> entries = [];
        foreach ((string name, byte[] bytes) in files)
        {
            byte[] nameBytes = Encoding.ASCII.GetBytes(name);
            long start = unchecked(file.Count + shift);
            file.AddRange([.. "PK\x03\x04"u8, 45, 0, .. new byte[20], (byte)nameBytes.Length, 0, 0, 0, .. nameBytes, .. bytes]);
            entries.AddRange(
            [
                .. "PK\x01\x02"u8, 45, 0, 45, 0, .. new byte[12], .. Elsewhere, .. Elsewhere, (byte)nameBytes.Length, 0, 28, 0, .. new byte[10],
                .. Elsewhere, .. nameBytes, 1, 0, 24, 0, .. Long(bytes.Length), .. Long(bytes.Length), .. Long(start),
            ]);
        }

        long directory = file.Count;
        file.AddRange(entries);
        long end = file.Count;
        file.AddRange([.. "PK\x06\x06"u8, .. Long(44), 45, 0, 45, 0, .. Long(0), .. Long(2), .. Long(2), .. Long(end - directory)]);
        file.AddRange([.. Long(directory), .. "PK\x06\x07"u8, 0, 0, 0, 0, .. Long(end), 1, 0, 0, 0]);
        file.AddRange([.. "PK\x05\x06"u8, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, .. Elsewhere, .. Elsewhere, 0, 0]);
        return [.. file];
    }

    private static byte[] Long(long number) => BitConverter.GetBytes(number);
}
