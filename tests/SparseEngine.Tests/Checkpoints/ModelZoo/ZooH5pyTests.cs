using System.Diagnostics;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints.ModelZoo;

/// <summary>Files as the zoo's saver makes them with HDF5's own library, through Debian's python3-h5py.</summary>
public sealed class ZooH5pyTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    // Flags, empty datasets, chunks of LZ4 and links as h5py writes them; a chunk with a match that overlaps itself, and one that is stored as it is.
    private const string Program = """
        import h5py, numpy, struct, sys
        with h5py.File(sys.argv[1], "w") as file:
            file.attrs["__version__"] = 0.2
            file.attrs["__spec__"] = "00" * 100000
            def add(key, attributes={}, **how):
                dataset = file.create_dataset(key, **how)
                for name, value in attributes.items():
                    dataset.attrs[name] = value
                return dataset
            weight = "model.model.embedding_layer.word_embeddings.weight"
            packed = add(weight, shape=(2, 16), dtype="f4", chunks=(1, 16), compression=32004, allow_unknown_filter=True)
            block = bytes([0x1F, 0, 1, 0, 39, 0x50]) + bytes(5)
            packed.id.write_direct_chunk((0, 0), struct.pack(">qii", 64, 64, len(block)) + block)
            packed.id.write_direct_chunk((1, 0), struct.pack(">qii", 64, 64, 64) + numpy.arange(16, dtype="f4").tobytes())
            file["model.model.lm_head.weight"] = packed
            add("model.model.ln_f.weight", {"is_bfloat16": True}, data=numpy.array([0x3F80, 0xFFC0], dtype="u2"))
            add("model.model.ln_f.bias", {"is_constructible": True, "shape": (2,), "fill_value": 0.25}, data=h5py.Empty("f"))
            for number, shape in enumerate([(2, 16), (2,), (2,)]):
                add(f"optimizer.state.{number}.exp_avg", {"is_constructible": True, "shape": shape, "fill_value": number}, data=h5py.Empty("f"))
                add(f"optimizer.state.{number}.exp_avg_sq", data=numpy.full(shape, 10.0 + number, dtype="f4"))
                add(f"optimizer.state.{number}.step", {"is_scalar": True}, data=numpy.array(9))
            add("lr_scheduler.lr_lambdas.0", {"is_none": True}, data=h5py.Empty("f"))
            add("lr_scheduler.name", {"is_string": True, "string_val": "words"}, data=h5py.Empty("f"))
            add("global_step", {"is_scalar": True}, data=numpy.array(9))
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void What_h5py_writes_as_the_zoo_does_is_read_whole()
    {
        Assert.SkipUnless(
            File.Exists(Python) && Start("import h5py", "").Code == 0, $"{Python} has no h5py; Debian's package is python3-h5py.");
        string path = directory.File("checkpoint_9.mdl");
        (int code, string errors) = Start(Program, path);
        Assert.True(code == 0, errors);

        using CheckpointReader reader = CheckpointReader.Open(path);

        Assert.Equal(9, reader.State?.Step);
        Assert.Empty(reader.Warnings);
        Assert.Equal(
            [.. new float[16], .. Enumerable.Range(0, 16).Select(number => (float)number)],
            Read(reader, "model.embedding_layer.word_embeddings.weight"));
        Assert.Equal([1, float.NaN], Read(reader, "model.ln_f.weight"));
        Assert.Equal([0.25f, 0.25f], Read(reader, "model.ln_f.bias"));
        Assert.Equal([2, 2], Read(reader, "optimizer.state.model.ln_f.bias.exp_avg"));
        Assert.Equal([11, 11], Read(reader, "optimizer.state.model.ln_f.weight.exp_avg_sq"));
        Assert.False(reader.Contains("model.lm_head.weight"));
    }

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] elements = new float[reader.Elements(name)];
        reader.Read(name, elements);
        return elements;
    }

    private static (int Code, string Errors) Start(string program, string argument)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, ["-c", program, argument]) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
