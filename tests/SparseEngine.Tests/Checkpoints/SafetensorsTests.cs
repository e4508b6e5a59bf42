using System.Buffers.Binary;
using System.Text;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_bit_of_a_tensor_survives_the_round_trip()
    {
        float[] exotic = [0f, -0f, BitConverter.UInt32BitsToSingle(0x7FC12345), float.NegativeInfinity, float.Epsilon, 1f / 3];
        string path = directory.File("m.safetensors");
        SafetensorsWriter.Write(
            path,
            [new("größe.weight", [2, 3], exotic.CopyTo), new("empty", [0, 4], _ => { }), new("scalar", [], values => values[0] = 4)],
            new Dictionary<string, string> { ["format"] = "pt" });

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(["größe.weight", "empty", "scalar"], reader.Names);
        Assert.Equal([2, 3], reader.Shape("größe.weight"));
        Assert.Equal(exotic.Select(BitConverter.SingleToUInt32Bits), Read(reader, "größe.weight", 6).Select(BitConverter.SingleToUInt32Bits));
        Assert.Empty(Read(reader, "empty", 0));
        Assert.Empty(reader.Shape("scalar"));
        Assert.Equal([4f], Read(reader, "scalar", 1));
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Fact]
    public void A_runs_state_survives_the_round_trip_beside_the_texts()
    {
        TrainingState state = new(17, 34_000_000_000, 5, -3);
        string path = directory.File("m.safetensors");
        SafetensorsWriter.Write(path, [], new Dictionary<string, string> { ["model"] = "{}" }, state);

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(state, reader.State);
        Assert.Equal(["model"], reader.Metadata.Keys);
    }

    [Fact]
    public void A_state_that_is_not_whole_is_taken_for_texts()
    {
        Dictionary<string, string> texts = new() { ["global_step"] = "17", ["seed"] = "one", ["shuffle_seed"] = "2", ["samples_consumed"] = "3" };
        string path = directory.File("m.safetensors");
        SafetensorsWriter.Write(path, [], texts);

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Null(reader.State);
        Assert.Equal(texts, reader.Metadata.ToDictionary());
    }

    [Theory]
    [InlineData("F16", "float16", "00C0", -2f)]
    [InlineData("BF16", "bfloat16", "803F", 1f)]
    [InlineData("F64", "float64", "000000000000E0BF", -0.5f)]
    [InlineData("I64", "int64", "FEFFFFFFFFFFFFFF", -2f)]
    [InlineData("U64", "uint64", "FFFFFFFFFFFFFFFF", 18446744073709551615f)]
    [InlineData("I32", "int32", "FEFFFFFF", -2f)]
    [InlineData("U32", "uint32", "00000080", 2147483648f)]
    [InlineData("I16", "int16", "FEFF", -2f)]
    [InlineData("U16", "uint16", "FEFF", 65534f)]
    [InlineData("I8", "int8", "FE", -2f)]
    [InlineData("U8", "uint8", "FE", 254f)]
    [InlineData("BOOL", "bool", "01", 1f)]
    public void Every_type_becomes_float32(string type, string dataType, string bytes, float expected)
    {
        byte[] data = Convert.FromHexString(bytes);
        string path = Write($$$"""{"w":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,{{{data.Length}}}]}}""", data);
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([expected], Read(reader, "w", 1));
        Assert.Equal(dataType, reader.DataType("w"));
    }

    [Fact]
    public void A_tensor_of_another_type_larger_than_one_piece_is_read_whole()
    {
        short[] stored = [.. Enumerable.Range(0, 150_001).Select(i => (short)i)];
        byte[] data = new byte[stored.Length * sizeof(short)];
        Buffer.BlockCopy(stored, 0, data, 0, data.Length);
        string path = Write($$$"""{"w":{"dtype":"I16","shape":[{{{stored.Length}}}],"data_offsets":[0,{{{data.Length}}}]}}""", data);
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(stored.Select(value => (float)value), Read(reader, "w", stored.Length));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "is damaged: w needs 12 bytes at 0 to 8 of 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "is damaged: w needs 16 bytes at 0 to 16 of 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "is damaged: w needs 8 bytes at -8 to 0 of 8")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""",
        "is damaged: w needs 39614081201791936601413124092 bytes at 0 to 8 of 8")]
    [InlineData(
        """{"w":{"dtype":"Q4","shape":[3],"data_offsets":[0,8]}}""",
        "w has the dtype Q4; valid: F32, F16, BF16, F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL")]
    [InlineData("""{"w":{"dtype":"F32"}}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":7,"shape":[2],"data_offsets":{}}}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData("""{"w":3}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "is damaged: its header has w twice")]
    [InlineData("""{"__metadata__":3}""", "is damaged: __metadata__ is not a map of texts")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "is damaged: 4 bytes that no tensor has at its end")]
    [InlineData("""{"w":{"dtype":"U8","shape":[7],"data_offsets":[0,7]}}""", "is damaged: 1 byte that no tensor has at its end")]
    [InlineData("{}", "is damaged: 8 bytes that no tensor has at its end")]
    [InlineData("""{"w":""", "is damaged: its header is not valid JSON")]
    public void A_bad_header_is_one_clear_line(string header, string expected)
    {
        string path = Write(header, new byte[8]);
        CheckpointException error = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path));
        Assert.Equal($"{path}: {expected}", error.Message);
    }

    [Fact]
    public void A_file_cut_at_any_length_is_an_error_that_names_it()
    {
        string path = directory.File("m.safetensors");
        SafetensorsWriter.Write(path, [new("w", [5], _ => { })]);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.StartsWith(path, Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message, StringComparison.Ordinal);
        }
    }

    private string Write(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        string path = directory.File("m.safetensors");
        File.WriteAllBytes(path, [.. length, .. json, .. data]);
        return path;
    }

    private static float[] Read(CheckpointReader reader, string name, int elements)
    {
        float[] values = new float[elements];
        reader.Read(name, values);
        return values;
    }
}
