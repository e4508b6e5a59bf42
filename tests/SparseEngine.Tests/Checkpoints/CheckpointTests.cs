using PureHDF;
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
        float[] exotic =
            [0f, -0f, float.NaN, BitConverter.UInt32BitsToSingle(0x7FC12345), float.PositiveInfinity, float.Epsilon, -float.MaxValue, 1f / 3];
        float[] square = [.. Enumerable.Range(0, 9 * 7).Select(i => i * 0.1f)];
        string path = directory.File("checkpoint_17.mdl");
        Write(path, ("a.weight", [2, 4], exotic), ("b.weight", [9, 7], square), ("c.bias", [1], [42f]), ("empty", [0, 5], []));

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([2, 4], reader.Shape("a.weight"));
        Assert.Equal([9, 7], reader.Shape("b.weight"));
        Assert.Equal(exotic.Select(BitConverter.SingleToUInt32Bits), Read(reader, "a.weight", 8).Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(square, Read(reader, "b.weight", 63));
        Assert.Equal([42f], Read(reader, "c.bias", 1));
        Assert.Empty(Read(reader, "empty", 0));
    }

    /// <summary>Of more elements than are written at once: with a part left over, longer rows, rows of one element.</summary>
    [Theory]
    [InlineData("large.mdl", 5001, 1000)]
    [InlineData("large.mdl", 2, 4_200_001)]
    [InlineData("large.mdl", 4_200_001, 1)]
    [InlineData("large.safetensors", 5001, 1000)]
    public void A_tensor_that_comes_in_parts_is_whole(string file, int rows, int columns)
    {
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(i => i * 0.5f)];
        List<int> lengths = [];
        TensorWriter[] tensors =
        [
            new("before", [2], dense => dense.Fill(1)),
            new("large", [rows, columns], _ => Assert.Fail("it came as a whole"))
            {
                FillFrom = (first, part) =>
                {
                    lengths.Add(part.Length);
                    values.AsSpan(first, part.Length).CopyTo(part);
                },
            },
            new("after", [3], dense => dense.Fill(2)),
        ];
        string path = directory.File(file);
        if (file.EndsWith(".mdl", StringComparison.Ordinal))
        {
            MdlWriter.Write(path, tensors, State);
        }
        else
        {
            SafetensorsWriter.Write(path, tensors);
        }

        Assert.InRange(lengths.Count, 2, rows);
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([1f, 1], Read(reader, "before", 2));
        Assert.Equal(values, Read(reader, "large", values.Length));
        Assert.Equal([2f, 2, 2], Read(reader, "after", 3));
    }

    [Fact]
    public void State_and_metadata_survive_the_round_trip()
    {
        string path = directory.File("checkpoint_17.mdl");
        MdlWriter.Write(path, [], State, new Dictionary<string, string> { ["model"] = "{\"größe\": 3}" });

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(State, reader.State);
        Assert.Equal("{\"größe\": 3}", reader.Metadata["model"]);
    }

    [Theory]
    [InlineData("", "no name")]
    [InlineData("a/b", "a slash")]
    [InlineData("empty", "")]
    [InlineData("large", null)]
    public void Texts_of_other_programs_survive_the_round_trip(string key, string? text)
    {
        string path = directory.File("weights.mdl");
        text ??= new string('x', 200_000);
        MdlWriter.Write(path, [], state: null, new Dictionary<string, string> { [key] = text });

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([new(key, text)], reader.Metadata);
    }

    [Fact]
    public void Tensors_come_in_the_order_they_were_written_in()
    {
        string path = directory.File("checkpoint_17.mdl");
        Write(path, ("z.weight", [1], [0f]), ("a.weight", [1], [0f]), ("m.bias", [1], [0f]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(["z.weight", "a.weight", "m.bias"], reader.Names);
    }

    [Fact]
    public void A_file_without_a_state_says_so_and_keeps_its_texts()
    {
        string path = directory.File("weights.mdl");
        MdlWriter.Write(path, [], state: null, new Dictionary<string, string> { ["format"] = "pt" });

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Null(reader.State);
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("encoder/weight")]
    [InlineData("__checksums__")]
    public void A_name_that_HDF5_cannot_hold_is_refused(string name)
    {
        string path = directory.File("checkpoint_1.mdl");
        CheckpointException error = Assert.Throws<CheckpointException>(() => Write(path, (name, [1], [0f])));
        Assert.Equal($"{path}: an HDF5 file cannot hold a tensor of the name \"{name}\"; a .safetensors file can", error.Message);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("w", [2], [1f, 2f]));
        byte[] before = File.ReadAllBytes(path);

        Assert.Throws<InvalidOperationException>(() => MdlWriter.Write(
            path, [new TensorWriter("w", [2], _ => throw new InvalidOperationException("the device is gone"))], State));

        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(directory.Path));
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
    public void Pruning_keeps_the_newest_by_number_and_those_of_later_steps()
    {
        foreach (int step in (int[])[100, 20, 3, 500])
        {
            Write(CheckpointDirectory.PathFor(directory.Path, step), ("w", [1], [0f]));
        }

        CheckpointDirectory.Prune(directory.Path, newest: 100, keep: 2);
        Assert.Equal(
            [directory.File("checkpoint_20.mdl"), directory.File("checkpoint_100.mdl"), directory.File("checkpoint_500.mdl")],
            CheckpointDirectory.All(directory.Path));
    }

    [Fact]
    public void The_format_is_told_by_content_not_by_name()
    {
        string safetensors = directory.File("model.mdl");
        SafetensorsWriter.Write(safetensors, [new TensorWriter("w", [2], values => new[] { 1f, float.NaN }.CopyTo(values))]);
        using CheckpointReader reader = CheckpointReader.Open(safetensors);
        Assert.Equal([1f, float.NaN], Read(reader, "w", 2));
        Assert.Null(reader.State);

        string mdl = directory.File("checkpoint.safetensors");
        Write(mdl, ("w", [1], [3f]));
        using CheckpointReader other = CheckpointReader.Open(mdl);
        Assert.Equal([3f], Read(other, "w", 1));
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
    public void Two_tensors_of_one_name_but_for_the_prefix_are_an_error()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("model.ln_f.bias", [1], [5f]), ("model.model.ln_f.bias", [1], [6f]));
        Assert.Equal(
            $"{path}: has both model.ln_f.bias and model.model.ln_f.bias, which are one parameter",
            Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message);
    }

    [Fact]
    public void Hdf5_files_of_other_programs_are_read_whatever_their_numbers()
    {
        string path = directory.File("theirs.h5");
        new H5File
        {
            ["double"] = new double[] { 0.5, -3 },
            ["half"] = new[] { (Half)1.5f },
            ["signed"] = new long[,] { { -7, 8 } },
            ["unsigned"] = new byte[] { 255 },
            ["text"] = "not a tensor",
        }.Write(path);

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal(["double", "half", "signed", "unsigned"], reader.Names.Order(StringComparer.Ordinal));
        Assert.Equal([0.5f, -3], Read(reader, "double", 2));
        Assert.Equal([1.5f], Read(reader, "half", 1));
        Assert.Equal([1, 2], reader.Shape("signed"));
        Assert.Equal([-7f, 8], Read(reader, "signed", 2));
        Assert.Equal([255f], Read(reader, "unsigned", 1));
        Assert.Equal(["float64", "float16", "int64", "uint8"], new[] { "double", "half", "signed", "unsigned" }.Select(reader.DataType));
        Assert.Null(reader.State);
    }

    [Fact]
    public void A_scalar_is_one_element()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("scale", [], [2.5f]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([2.5f], Read(reader, "scale", 1));
    }

    [Fact]
    public void A_wrong_size_is_named()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("w", [3], [1f, 2f, 3f]));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal($"{path}: w has 3 elements, needed: 4", Assert.Throws<CheckpointException>(() => Read(reader, "w", 4)).Message);
        Assert.Equal($"{path}: has no tensor v", Assert.Throws<CheckpointException>(() => Read(reader, "v", 3)).Message);
    }

    [Fact]
    public void What_a_killed_run_left_half_written_does_not_stay()
    {
        string path = directory.File("checkpoint_1.mdl");
        File.WriteAllText(directory.File(".checkpoint_1.mdl.tmp"), "half");
        Assert.Empty(CheckpointDirectory.All(directory.Path));
        Write(path, ("w", [1], [1f]));
        Assert.Equal([path], Directory.GetFiles(directory.Path));
    }

    [Fact]
    public void What_is_no_checkpoint_is_called_so()
    {
        string text = directory.File("notes.txt");
        File.WriteAllText(text, "just some words");
        Assert.Equal(
            $"{text}: is not a checkpoint but a text, \"just some words\"",
            Assert.Throws<CheckpointException>(() => CheckpointReader.Open(text)).Message);
        Assert.Equal("nowhere.mdl: no such checkpoint", Assert.Throws<CheckpointException>(() => CheckpointReader.Open("nowhere.mdl")).Message);
    }

    private static void Write(string path, params (string Name, int[] Shape, float[] Values)[] tensors) =>
        MdlWriter.Write(path, [.. tensors.Select(tensor => new TensorWriter(tensor.Name, [.. tensor.Shape], tensor.Values.CopyTo))], State);

    private static float[] Read(CheckpointReader reader, string name, int elements)
    {
        float[] values = new float[elements];
        reader.Read(name, values);
        return values;
    }
}
