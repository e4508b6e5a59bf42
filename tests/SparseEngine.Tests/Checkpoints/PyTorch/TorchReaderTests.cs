using System.IO.Compression;
using System.Numerics;
using SparseEngine.Checkpoints;
using static SparseEngine.Tests.Shared.TorchBytes;

namespace SparseEngine.Tests.Checkpoints.PyTorch;

public sealed class TorchReaderTests : IDisposable
{
    private static readonly byte[] Six = Floats(0, 1, 2, 3, 4, 5);
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Views_of_one_storage_are_read_row_major_in_either_format(bool zip)
    {
        byte[] storage = zip ? Storage("FloatStorage", "0", 6) : Storage("FloatStorage", "0", 6, None);
        byte[] pickle = Pickle(Dictionary(
            ("whole", Tensor(storage, 0, [2, 3], [3, 1])),
            ("transposed", Tensor(storage, 0, [3, 2], [1, 3])),
            ("narrowed", Tensor(storage, 1, [2, 2], [3, 1])),
            ("stepped", Tensor(storage, 0, [3], [2])),
            ("scalar", Tensor(storage, 4, [], [])),
            ("repeated", Tensor(storage, 2, [2, 2], [0, 1])),
            ("empty", Tensor(storage, 0, [0, 4], [4, 1]))));
        string path = Write("a.pt", zip ? Zip(pickle, ("0", Six)) : Legacy(pickle, ("0", 6, Six)));

        using CheckpointReader reader = CheckpointReader.Open(path);

        Assert.Equal(["whole", "transposed", "narrowed", "stepped", "scalar", "repeated", "empty"], reader.Names);
        Assert.Equal([0, 1, 2, 3, 4, 5], Read(reader, "whole"));
        Assert.Equal([0, 3, 1, 4, 2, 5], Read(reader, "transposed"));
        Assert.Equal([1, 2, 4, 5], Read(reader, "narrowed"));
        Assert.Equal([0, 2, 4], Read(reader, "stepped"));
        Assert.Equal([4], Read(reader, "scalar"));
        Assert.Equal([2, 3, 2, 3], Read(reader, "repeated"));
        Assert.Equal([0, 4], reader.Shape("empty"));
        Assert.Equal("float32", reader.DataType("whole"));
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 100_000)]
    [InlineData(100_000, 3)]
    public void A_few_columns_of_a_large_matrix_are_read_without_the_rest(int column, int columns)
    {
        const int Rows = 3;
        const int Width = 120_000;
        float[] values = [.. Enumerable.Range(0, Rows * Width).Select(i => (float)i)];
        byte[] storage = Storage("FloatStorage", "0", values.Length);
        string path = Write("a.pt", Zip(
            Pickle(Dictionary(
                ("rows", Tensor(storage, column, [Rows, columns], [Width, 1])), ("columns", Tensor(storage, column, [columns, Rows], [1, Width])))),
            ("0", Floats(values))));

        using CheckpointReader reader = CheckpointReader.Open(path);

        IEnumerable<int> all = Enumerable.Range(0, Rows * columns);
        Assert.Equal(all.Select(i => values[(i / columns * Width) + column + (i % columns)]), Read(reader, "rows"));
        Assert.Equal(all.Select(i => values[(i % Rows * Width) + column + (i / Rows)]), Read(reader, "columns"));
    }

    [Theory]
    [InlineData("HalfStorage", "float16", "00C0", -2f)]
    [InlineData("BFloat16Storage", "bfloat16", "803F", 1f)]
    [InlineData("DoubleStorage", "float64", "000000000000E0BF", -0.5f)]
    [InlineData("LongStorage", "int64", "FEFFFFFFFFFFFFFF", -2f)]
    [InlineData("IntStorage", "int32", "FEFFFFFF", -2f)]
    [InlineData("ShortStorage", "int16", "FEFF", -2f)]
    [InlineData("CharStorage", "int8", "FE", -2f)]
    [InlineData("ByteStorage", "uint8", "FE", 254f)]
    [InlineData("BoolStorage", "bool", "01", 1f)]
    public void Every_type_becomes_float32(string storage, string dataType, string bytes, float expected)
    {
        byte[] pickle = Pickle(Dictionary(("w", Tensor(Storage(storage, "0", 1), 0, [1], [1]))));
        using CheckpointReader reader = CheckpointReader.Open(Write("a.pt", Zip(pickle, ("0", Convert.FromHexString(bytes)))));
        Assert.Equal([expected], Read(reader, "w"));
        Assert.Equal(dataType, reader.DataType("w"));
    }

    [Fact]
    public void Newer_types_come_from_untyped_storages()
    {
        byte[] storage = [.. Tuple(Text("storage"), Global("torch.storage", "UntypedStorage"), Text("0"), Text("cpu"), Integer(4)), (byte)'Q'];
        byte[] tensor = Call(
            Global("torch._utils", "_rebuild_tensor_v3"), storage, Integer(1), Tuple(Integer(1)), Tuple(Integer(1)), False,
            Call(Global("collections", "OrderedDict")), Global("torch", "uint16"), None);
        using CheckpointReader reader = CheckpointReader.Open(Write("a.pt", Zip(Pickle(Dictionary(("w", tensor))), ("0", [1, 0, 0xFE, 0xFF]))));
        Assert.Equal([65534], Read(reader, "w"));
        Assert.Equal("uint16", reader.DataType("w"));
    }

    [Fact]
    public void A_training_scripts_checkpoint_has_the_models_own_names_and_what_it_says_as_texts()
    {
        byte[] parameter = Call(Global("torch._utils", "_rebuild_parameter"), Tensor("0", 2), True, Call(Global("collections", "OrderedDict")));
        byte[] model = [.. Call(Global("collections", "OrderedDict")), .. Text("_orig_mod.transformer.wte.weight"), .. parameter, (byte)'s',
            .. Dictionary(("_metadata", Call(Global("collections", "OrderedDict")))), (byte)'b'];
        byte[] optimizer = Dictionary(
            ("state", [(byte)'}', .. Integer(0), .. Dictionary(("exp_avg", Tensor("1", 1))), (byte)'s']),
            ("param_groups", List(Dictionary(("lr", Number(0.1)), ("betas", Tuple(Number(0.9), Number(0.95)))))));
        byte[] pickle = Pickle(Dictionary(
            ("model", model), ("optimizer", optimizer), ("model_args", Dictionary(("n_layer", Integer(2)), ("bias", False), ("vocab_size", None))),
            ("iter_num", Integer(2000)), ("best_val_loss", Number(1e-5)), ("device", Call(Global("torch", "device"), Text("cuda"))),
            ("dtype", Global("torch", "bfloat16")), ("size", Call(Global("torch", "Size"), Tuple(Integer(1))))));
        using CheckpointReader reader = CheckpointReader.Open(Write("ckpt.pt", Zip(pickle, ("0", Floats(1, 2)), ("1", Floats(3)))));

        Assert.Equal(["transformer.wte.weight", "optimizer.state.0.exp_avg"], reader.Names);
        Assert.Equal([1, 2], Read(reader, "transformer.wte.weight"));
        Assert.Equal([3], Read(reader, "optimizer.state.0.exp_avg"));
        Assert.Equal(
            ["best_val_loss=1E-05", "device=cuda", "dtype=torch.bfloat16", "iter_num=2000", "model_args.bias=false", "model_args.n_layer=2"],
            reader.Metadata.Select(text => $"{text.Key}={text.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parts_of_storages_that_old_versions_wrote_are_read()
    {
        byte[] part = Storage("FloatStorage", "0", 6, Tuple(Text("view"), Integer(2), Integer(3)));
        string path = Write("old.pt", Legacy(Pickle(Dictionary(("w", Tensor(part, 1, [2], [1])))), ("0", 6, Six)));
        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([3, 4], Read(reader, "w"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Newer_protocols_are_read(byte protocol)
    {
        // A frame, short texts, globals from the stack and numbered memory.
        byte[] name = [0x8C, 1, (byte)'w', 0x94];
        byte[] ordered = [0x8C, 11, .. "collections"u8, 0x8C, 11, .. "OrderedDict"u8, 0x93, (byte)')', (byte)'R'];
        byte[] pickle = Pickle([0x95, 9, 0, 0, 0, 0, 0, 0, 0, .. ordered, .. name, .. Tensor("0", 2), (byte)'s'], protocol);
        using CheckpointReader reader = CheckpointReader.Open(Write("a.pt", Zip(pickle, ("0", Floats(7, 8)))));
        Assert.Equal([7, 8], Read(reader, "w"));
    }

    [Fact]
    public void Shards_are_read_by_their_index_and_folder()
    {
        Write("pytorch_model-1.bin", Zip(Pickle(Dictionary(("a", Tensor("0", 2)), ("c", Tensor("1", 1)))), ("0", Floats(1, 2)), ("1", Floats(5))));
        Write("pytorch_model-2.bin", Legacy(Pickle(Dictionary(("b", Tensor("0", 1)))), ("0", 1, Floats(3))));
        string index = directory.File("pytorch_model.bin.index.json");
        File.WriteAllText(index, """{"weight_map": {"a": "pytorch_model-1.bin", "b": "pytorch_model-2.bin", "c": "pytorch_model-1.bin"}}""");

        using CheckpointReader reader = CheckpointReader.Open(directory.Path);

        Assert.Equal(["a", "b", "c"], reader.Names);
        Assert.Equal([1, 2, 3, 5], reader.Names.SelectMany(name => Read(reader, name)));
        Assert.Equal([index, directory.File("pytorch_model-1.bin"), directory.File("pytorch_model-2.bin")], reader.Files);
    }

    public static TheoryData<string, byte[], string> Refused { get; } = new()
    {
        {
            "a call of the system", Call(Global("posix", "system"), Text("touch /tmp/pwned")),
            "names posix.system, which is none of the objects that are read"
        },
        { "an evaluation", Call(Global("builtins", "eval"), Text("1")), "names builtins.eval, which is none of the objects that are read" },
        {
            "a class", Call(Global("cerebras.modelzoo.models.nlp.gpt2.model", "Gpt2Model")),
            "names cerebras.modelzoo.models.nlp.gpt2.model.Gpt2Model, "
        },
        { "a name with a way out", Global("torch", "os.system"), "names torch.os.system, which is none of the objects that are read" },
        { "another type", Storage("ComplexFloatStorage", "0", 1), "names torch.ComplexFloatStorage, which is none of the objects that are read" },
        { "a text called", Call(Text("os"), Text("x")), "is damaged: its pickle makes an object of other arguments than torch.save gives" },
        { "a module", [.. Tuple(Text("module"), Text("a"), None, None), (byte)'Q'], "holds a whole module with its code, which is not run; valid: " },
        { "a missing storage", W(Tensor("7", 1)), "is damaged: storage 7 is missing" },
        { "a storage beyond the file", W(Tensor("0", 7)), "is damaged: storage 0 needs 28 bytes and has 24" },
        {
            "a storage of all there is", W(Tensor(Storage("FloatStorage", "0", long.MaxValue), 0, [1], [1])),
            "is damaged: storage 0 needs 36893488147419103228 bytes and has 24"
        },
        {
            "a storage of fewer than none", W(Tensor(Storage("FloatStorage", "0", -1), 0, [1], [1])),
            "is damaged: its pickle names a storage as torch.save"
        },
        {
            "a tensor beyond its storage", W(Tensor(Six32, 1, [2, 3], [3, 1])),
            "is damaged: a tensor [2, 3] ends at element 7 of storage 0, which has 6"
        },
        {
            "a negative size", W(Tensor(Six32, 0, [-1], [1])),
            "is damaged: a tensor in storage 0 has no shape, or sizes or strides that are negative"
        },
        {
            "a negative stride", W(Tensor(Six32, 5, [6], [-1])),
            "is damaged: a tensor in storage 0 has no shape, or sizes or strides that are negative"
        },
        {
            "a negative offset", W(Tensor(Six32, -1, [1], [1])),
            "is damaged: a tensor in storage 0 has no shape, or sizes or strides that are negative"
        },
        {
            "a size of 2 to the 80", W(Tensor(Six32, 0, [BigInteger.Pow(2, 80)], [1])),
            "is damaged: a tensor in storage 0 has no shape, or sizes or strides"
        },
        {
            "sizes that overflow",
            W(Tensor(Six32, 0, [.. Enumerable.Repeat((BigInteger)int.MaxValue, 9)], [.. Enumerable.Repeat(BigInteger.Zero, 9)])),
            "has a tensor [2147483647, 2147483647, 2147483647, "
        },
        {
            "strides that overflow", W(Tensor(Six32, 0, [3, 2], [long.MaxValue, long.MaxValue])),
            "is damaged: a tensor [3, 2] ends at element 27670116110564327422 of storage 0, which has 6"
        },
        {
            "a repetition without end", W(Tensor(Six32, 0, [1_000_000_000], [0])),
            "has a tensor [1000000000] that repeats elements of storage 0, which has 6"
        },
        { "fewer strides than sizes", W(Tensor(Six32, 0, [2, 3], [1])), "is damaged: a tensor in storage 0 has no shape, " },
        { "one storage in two ways", List(Six32, Storage("HalfStorage", "0", 6)), "is damaged: it describes storage 0 in two ways" },
        {
            "a list that holds itself", [(byte)']', (byte)'q', 0, (byte)'h', 0, (byte)'a'],
            "is damaged: its dictionaries and lists hold one another without"
        },
        { "a tensor alone", Tensor(Six32, 0, [6], [1]), "holds a tensor without a name; valid: a dictionary of tensors" },
        { "no tensor", Dictionary(("a", Integer(1))), "is a file of torch.save without tensors" },
        { "a name twice", Dictionary(("a", Tensor(Six32, 0, [6], [1])), ("a", Tensor(Six32, 0, [6], [1]))), "has a twice" },
        { "an opcode of protocol 0", [(byte)'I', (byte)'1', (byte)'\n'], "has the opcode 0x49 in its pickle, which torch.save does not write" },
        { "an opcode of no protocol", [0xFF], "has the opcode 0xFF in its pickle, which torch.save does not write" },
        { "an end too early", [], "is damaged: its pickle is none that torch.save writes" },
        { "no end", [(byte)'X', 0xFF, 0xFF, 0xFF, 0xFF], "is damaged: its pickle does not end where it should" },
        { "a huge integer", [0x8B, 0, 0, 0, 1], "has an integer of 16777216 bytes in its pickle; valid: up to 64" },
        { "what was never remembered", [(byte)'h', 3], "is damaged: its pickle is none that torch.save writes" },
    };

    private static byte[] Six32 => Storage("FloatStorage", "0", 6);

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_read_is_one_line_in_either_format(string what, byte[] value, string expected)
    {
        (string, long, byte[])[] storages = value.AsSpan().IndexOf("FloatStorage"u8) < 0 ? [] : [("0", 6, Six)];
        foreach (byte[] file in (byte[][])[Zip(Pickle(value), ("0", Six)), Legacy(Pickle(value), storages)])
        {
            string path = Write("a.pt", file);
            string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message;

            // Which storages lie where is told in the words of each format.
            string wanted = file[0] != (byte)'P' && what.Contains("storage", StringComparison.Ordinal) ? "is damaged: " : expected;
            Assert.True(message.StartsWith($"{path}: {wanted}", StringComparison.Ordinal), $"{what}: {message}");
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void Archives_that_are_something_else_are_called_so()
    {
        byte[] pickle = Pickle(W(Tensor("0", 6)));
        AssertRefused("is a zip archive that torch.save did not write: it holds no data.pkl", Archive([("mimetype", [])]));
        AssertRefused("is a program of TorchScript, ", Archive([("data.pkl", pickle), ("constants.pkl", pickle)]));
        AssertRefused(
            "was saved on a machine with another byte order",
            Archive([("data.pkl", pickle), ("byteorder", "big"u8.ToArray()), ("data/0", Six)]));
        AssertRefused(
            "holds archive/data.pkl compressed or encrypted", Archive([("data.pkl", [.. pickle, .. new byte[999]])], CompressionLevel.Optimal));
        AssertRefused("is damaged: it holds archive/data/0 twice", Zip(pickle, ("0", Six), ("0", Six)));
        AssertRefused("is a pickle of Python that torch.save did not write", Pickle(Dictionary(("a", Integer(1)))));
        AssertRefused("names numpy.core.multiarray._reconstruct, ", Pickle(Global("numpy.core.multiarray", "_reconstruct")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_cut_at_any_length_is_one_line(bool zip)
    {
        byte[] pickle = Pickle(W(Tensor("0", 6)));
        byte[] whole = zip ? Zip(pickle, ("0", Six)) : Legacy(pickle, ("0", 6, Six));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = Write("a.pt", whole[..length]);
            string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message;
            Assert.StartsWith($"{path}: is ", message, StringComparison.Ordinal);
        }
    }

    private static byte[] W(byte[] tensor) => Dictionary(("w", tensor));

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] values = new float[reader.Elements(name)];
        reader.Read(name, values);
        return values;
    }

    private void AssertRefused(string expected, byte[] file)
    {
        string path = Write("a.pt", file);
        string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message;
        Assert.StartsWith($"{path}: {expected}", message, StringComparison.Ordinal);
    }

    private string Write(string name, byte[] bytes)
    {
        string path = directory.File(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
