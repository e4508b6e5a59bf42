using System.Buffers.Binary;
using SparseEngine.Checkpoints;
using SparseEngine.Data;

namespace SparseEngine.Tests.Robustness;

/// <summary>HDF5 files made to hang a parser, to overflow its stack or to fill its memory.</summary>
[Collection(Trial.Alone)]
public sealed class HostileHdf5Tests : IDisposable
{
    private const int SuperblockSize = 48;
    private const byte ContinuationMessage = 0x10;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_header_that_continues_in_itself_ends()
    {
        const int Header = SuperblockSize;
        const int Block = Header + 64;
        byte[] file = File(256);
        "OHDR"u8.CopyTo(file.AsSpan(Header));
        file[Header + 4] = 2; // The version; then no flags, and the size of the one message.
        file[Header + 6] = 20;
        Continuation(file.AsSpan(Header + 7), Block, length: 28);
        "OCHK"u8.CopyTo(file.AsSpan(Block));
        Continuation(file.AsSpan(Block + 4), Block, length: 28);

        Assert.Equal("its structure is nested without end", Refused(file));
    }

    [Fact]
    public void A_header_of_empty_messages_without_end_ends()
    {
        const int Header = SuperblockSize;
        byte[] file = File(1 << 20);
        "OHDR"u8.CopyTo(file.AsSpan(Header));
        file[Header + 4] = 2;
        file[Header + 5] = 3; // Eight bytes for the size.
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(Header + 6), long.MaxValue);

        Assert.NotNull(Refused(file));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(0x7FFFFF00)]
    [InlineData(-1)]
    public void A_heap_larger_than_the_file_is_refused_before_memory_is_set_aside_for_it(long size)
    {
        byte[] file = System.IO.File.ReadAllBytes(TestData.PathOf("tiny-dense", "train", "data-00000.h5"));
        int at = file.AsSpan().IndexOf("HEAP"u8);
        Assert.True(at > 0);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at + 8), size);

        Assert.Contains($"it states a heap of {(ulong)size} bytes, in a file of {file.Length}", Refused(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAP", 24, long.MaxValue)] // Their address.
    [InlineData("TREE", 24, long.MinValue)]
    [InlineData("SNOD", 16, 96)] // The address of the only dataset: the root itself.
    [InlineData("SNOD", 16, long.MaxValue)]
    public void An_address_or_a_length_beyond_the_file_ends(string signature, int offset, long value)
    {
        byte[] file = System.IO.File.ReadAllBytes(TestData.PathOf("tiny-dense", "train", "data-00000.h5"));
        int at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(signature));
        Assert.True(at > 0);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at + offset), value);

        ReadBoth(file);
    }

    [Fact]
    public void A_tree_that_is_its_own_branch_ends()
    {
        byte[] file = System.IO.File.ReadAllBytes(TestData.PathOf("tiny-dense", "train", "data-00000.h5"));
        int at = file.AsSpan().IndexOf("TREE"u8);
        for (int level = 1; level < 256; level += 127)
        {
            file[at + 5] = (byte)level;
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at + 32), at);
            ReadBoth(file);
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void A_dataset_of_a_size_that_the_file_cannot_hold_is_refused(long size)
    {
        string path = directory.File("whole.mdl");
        MdlWriter.Write(path, [new TensorWriter("w", [1234, 2], values => values.Clear())], new TrainingState(1, 1, 1, 1));
        byte[] file = System.IO.File.ReadAllBytes(path);
        file = file[..file.AsSpan().LastIndexOf("SPENMDL1"u8)];
        int at = file.AsSpan().IndexOf([.. BitConverter.GetBytes(1234L), .. BitConverter.GetBytes(2L)]);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), size);

        Assert.Contains("does not fit a file of", Refused(file), StringComparison.Ordinal);
    }

    /// <summary>An HDF5 file of nothing but a superblock, whose root header follows it.</summary>
    private static byte[] File(int length)
    {
        byte[] file = new byte[length];
        ReadOnlySpan<byte> start = [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A, 3, 8, 8, 0];
        start.CopyTo(file);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(20), -1);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(28), length);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(36), SuperblockSize);
        return file;
    }

    private static void Continuation(Span<byte> message, long address, long length)
    {
        message[0] = ContinuationMessage;
        message[1] = 2 * sizeof(long);
        BinaryPrimitives.WriteInt64LittleEndian(message[4..], address);
        BinaryPrimitives.WriteInt64LittleEndian(message[12..], length);
    }

    private string Write(byte[] file)
    {
        string path = directory.File("hostile.mdl");
        System.IO.File.WriteAllBytes(path, file);
        return path;
    }

    private void ReadBoth(byte[] file)
    {
        string path = Write(file);
        Trial.All<CheckpointException>([("as a checkpoint", () => CheckpointReader.Open(path).Dispose())]);
        Trial.All<DataException>([("as samples", () => GptHdf5Source.Open([path], 32, vocabularySize: 256).Dispose())]);
    }

    /// <summary>Why a file is not read as a checkpoint.</summary>
    private string Refused(byte[] file)
    {
        string path = Write(file);
        string reason = "";
        Trial.All<CheckpointException>(
        [
            ("as a checkpoint", () =>
            {
                CheckpointException error = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path));
                reason = error.InnerException!.Message;
            }),
        ]);
        return reason;
    }
}
