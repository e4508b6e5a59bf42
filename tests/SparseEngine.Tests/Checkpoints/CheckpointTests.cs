using System.Buffers.Binary;
using System.Text;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private static readonly TrainingState State = new(17, 34_000_000_000, 5, -3);
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_bit_of_a_tensor_survives_the_round_trip()
    {
        float[] exotic = [0f, -0f, float.NaN, BitConverter.UInt32BitsToSingle(0x7FC12345), float.PositiveInfinity, float.Epsilon, -float.MaxValue, 1f / 3];
        float[] square = [.. Enumerable.Range(0, 9 * 7).Select(i => i * 0.1f)];
        string path = directory.File("checkpoint_17.mdl");
        Write(path, ("a.weight", [2, 4], exotic), ("b.weight", [9, 7], square), ("c.bias", [1], [42f]), ("empty", [0, 5], []));

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(["a.weight", "b.weight", "c.bias", "empty"], reader.Names.Order(StringComparer.Ordinal));
        Assert.Equal([2, 4], reader.Shape("a.weight"));
        Assert.Equal([9, 7], reader.Shape("b.weight"));
        Assert.Equal(exotic.Select(BitConverter.SingleToUInt32Bits), Read(reader, "a.weight", 8).Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(square, Read(reader, "b.weight", 63));
        Assert.Equal([42f], Read(reader, "c.bias", 1));
        Assert.Empty(Read(reader, "empty", 0));
    }

    [Fact]
    public void State_and_metadata_survive_the_round_trip()
    {
        string path = directory.File("checkpoint_17.mdl");
        CheckpointWriter.Write(path, [], State, new Dictionary<string, string> { ["model"] = "{\"größe\": 3}" });

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(State, reader.State);
        Assert.Equal("{\"größe\": 3}", reader.Metadata["model"]);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("w", [2], [1f, 2f]));
        byte[] before = File.ReadAllBytes(path);

        Assert.Throws<InvalidOperationException>(() => CheckpointWriter.Write(
            path, [new TensorWriter("w", [2], _ => throw new InvalidOperationException("the device is gone"))], State));

        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(directory.Path));
    }

    [Fact]
    public void A_flipped_byte_in_a_tensor_is_found_and_the_tensor_named()
    {
        string path = directory.File("checkpoint_1.mdl");
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i + 0.5f)];
        Write(path, ("layer.weight", [1000], values));
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(BitConverter.GetBytes(500.5f));
        bytes[at] ^= 4;
        File.WriteAllBytes(path, bytes);

        using CheckpointReader reader = CheckpointReader.Open(path);
        CheckpointException error = Assert.Throws<CheckpointException>(() => Read(reader, "layer.weight", 1000));
        Assert.Equal($"{path}: is damaged: layer.weight does not have its checksum", error.Message);
    }

    [Fact]
    public void A_file_cut_at_any_length_is_an_error_that_names_it()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("w", [30, 30], new float[900]), ("v", [100], new float[100]));
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(path, whole[..length]);
            CheckpointException error = Assert.Throws<CheckpointException>(() => ReadAll(path));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void The_newest_whole_checkpoint_is_found_and_a_damaged_one_named()
    {
        foreach (int step in (int[])[2, 10, 9])
        {
            Write(CheckpointDirectory.PathFor(directory.Path, step), ("w", [100], new float[100]));
        }

        File.WriteAllText(directory.File("checkpoint_x.mdl"), "not one of ours");
        Assert.Equal(directory.File("checkpoint_10.mdl"), CheckpointDirectory.FindNewest(directory.Path));

        byte[] bytes = File.ReadAllBytes(directory.File("checkpoint_10.mdl"));
        File.WriteAllBytes(directory.File("checkpoint_10.mdl"), bytes[..(bytes.Length / 2)]);
        List<string> warnings = [];
        Assert.Equal(directory.File("checkpoint_9.mdl"), CheckpointDirectory.FindNewest(directory.Path, warnings.Add));
        Assert.Contains("checkpoint_10.mdl", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Pruning_keeps_the_newest_by_number()
    {
        foreach (int step in (int[])[100, 20, 3])
        {
            Write(CheckpointDirectory.PathFor(directory.Path, step), ("w", [1], [0f]));
        }

        CheckpointDirectory.Prune(directory.Path, keep: 2);
        Assert.Equal([directory.File("checkpoint_20.mdl"), directory.File("checkpoint_100.mdl")], CheckpointDirectory.All(directory.Path));
    }

    [Fact]
    public void The_format_is_told_by_content_not_by_name()
    {
        string safetensors = directory.File("model.mdl");
        File.WriteAllBytes(safetensors, Safetensors("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", [0, 0, 128, 63, 0, 0, 192, 127]));
        using CheckpointReader reader = CheckpointReader.Open(safetensors);
        float[] values = Read(reader, "w", 2);
        Assert.Equal(1f, values[0]);
        Assert.True(float.IsNaN(values[1]));
        Assert.Null(reader.State);

        string mdl = directory.File("checkpoint.safetensors");
        Write(mdl, ("w", [1], [3f]));
        using CheckpointReader other = CheckpointReader.Open(mdl);
        Assert.Equal([3f], Read(other, "w", 1));
    }

    [Fact]
    public void Safetensors_of_other_types_become_float32()
    {
        string path = directory.File("m.safetensors");
        File.WriteAllBytes(path, Safetensors(
            """{"__metadata__":{"format":"pt"},"half":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"bf":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},"byte":{"dtype":"U8","shape":[2,1],"data_offsets":[4,6]}}""",
            [0x00, 0xC0, 0x80, 0x3F, 7, 255]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([-2f], Read(reader, "half", 1));
        Assert.Equal([1f], Read(reader, "bf", 1));
        Assert.Equal([7f, 255f], Read(reader, "byte", 2));
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "is damaged: w needs 12 bytes at 0 to 8 of 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "is damaged: w needs 16 bytes at 0 to 16 of 8")]
    [InlineData("""{"w":{"dtype":"Q4","shape":[3],"data_offsets":[0,8]}}""", "w has the dtype Q4; valid: F32, F16, BF16, F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL")]
    [InlineData("""{"w":{"dtype":"F32"}}""", "is damaged: w has no dtype, shape and data_offsets")]
    [InlineData("""{"w":""", "is damaged: its header is not valid JSON")]
    public void A_bad_safetensors_header_is_one_clear_line(string header, string expected)
    {
        string path = directory.File("m.safetensors");
        File.WriteAllBytes(path, Safetensors(header, new byte[8]));
        CheckpointException error = Assert.Throws<CheckpointException>(() => ReadAll(path));
        Assert.Equal($"{path}: {expected}", error.Message);
    }

    [Fact]
    public void The_zoos_extra_prefix_is_taken_off()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("model.model.ln_f.bias", [1], [5f]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.True(reader.Contains("model.ln_f.bias"));
        Assert.Equal([5f], Read(reader, "model.ln_f.bias", 1));
    }

    [Fact]
    public void What_is_no_checkpoint_is_called_so()
    {
        string text = directory.File("notes.txt");
        File.WriteAllText(text, "just some words");
        Assert.Equal($"{text}: is not a checkpoint; valid: an HDF5 (.mdl) or .safetensors file", Assert.Throws<CheckpointException>(() => CheckpointReader.Open(text)).Message);
        Assert.Equal("nowhere.mdl: no such checkpoint", Assert.Throws<CheckpointException>(() => CheckpointReader.Open("nowhere.mdl")).Message);
    }

    private static byte[] Safetensors(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    private static void Write(string path, params (string Name, int[] Shape, float[] Values)[] tensors) =>
        CheckpointWriter.Write(path, [.. tensors.Select(tensor => new TensorWriter(tensor.Name, [.. tensor.Shape], tensor.Values.CopyTo))], State);

    private static float[] Read(CheckpointReader reader, string name, int elements)
    {
        float[] values = new float[elements];
        reader.Read(name, values);
        return values;
    }

    private static void ReadAll(string path)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        foreach (string name in reader.Names)
        {
            Read(reader, name, reader.Shape(name).Aggregate(1, (product, dimension) => product * dimension));
        }
    }
}
