using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;
using SparseEngine.Checkpoints;
using SparseEngine.Data;
using SparseEngine.Tests.Checkpoints.ModelZoo;

namespace SparseEngine.Tests.Robustness;

/// <summary>Damaged .mdl and .h5 files: every one ends in a valid object or one line.</summary>
[Collection(Trial.Alone)]
public sealed class DamagedHdf5Tests : IDisposable
{
    private const int Cases = 60;
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Checkpoints() => Try<CheckpointException>(Checkpoint(), ReadCheckpoint);

    [Fact]
    public void Checkpoints_without_the_checksum_of_their_structure()
    {
        byte[] whole = Checkpoint();
        Try<CheckpointException>(whole[..whole.AsSpan().LastIndexOf("SPENMDL1"u8)], ReadCheckpoint);
    }

    [Fact]
    public void Checkpoints_of_the_model_zoo()
    {
        string path = directory.File("zoo.mdl");
        new ZooFileBuilder().Model("model.", "model.ln_f.weight", "model.ln_f.bias").Number("global_step", 7L)
            .Filled("model.model.transformer_decoder.layers.0.norm1.weight", [2], 1).Number("optimizer.param_groups.0.params.0", 0L)
            .Add("model.model.transformer_decoder.layers.0.norm1.bias", new H5Dataset(new ushort[] { 1, 2 }), ("is_bfloat16", true)).Write(path);
        Try<CheckpointException>(File.ReadAllBytes(path), ReadCheckpoint);
    }

    [Fact]
    public void Old_style_files_of_h5py_as_checkpoints() => Try<CheckpointException>(Samples(), ReadCheckpoint);

    [Fact]
    public void Old_style_files_of_h5py_as_samples() => Try<DataException>(Samples(), path => ReadSamples(path, 32));

    [Fact]
    public void New_style_compressed_files_as_samples()
    {
        string path = directory.File("whole.h5");
        H5File file = new()
        {
            Attributes = { ["n_examples"] = 20L },
            ["data"] = new H5Dataset(new int[20, 3, 8], chunks: [4, 3, 8], datasetCreation: new H5DatasetCreation(Filters: [DeflateFilter.Id])),
        };
        file.Write(path);
        Try<DataException>(File.ReadAllBytes(path), damaged => ReadSamples(damaged, 8));
    }

    private static byte[] Samples() => File.ReadAllBytes(TestData.PathOf("tiny-dense", "train", "data-00000.h5"));

    private static void ReadSamples(string path, int length)
    {
        using GptHdf5Source source = GptHdf5Source.Open([path], length, vocabularySize: 256);
        int[] row = new int[length];
        for (int i = 0; i < Math.Min(source.Count, 100); i++)
        {
            source.Read(i, row, row, row);
        }
    }

    private static void ReadCheckpoint(string path)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        foreach (string name in reader.Names)
        {
            reader.Read(name, new float[reader.Shape(name).Aggregate(1, (product, dimension) => product * dimension)]);
        }
    }

    private byte[] Checkpoint()
    {
        string path = directory.File("whole.mdl");
        float[] values = [.. Enumerable.Range(0, 96).Select(i => i / 7f)];
        TensorWriter[] tensors = [.. Enumerable.Range(0, 12).Select(i => new TensorWriter($"model.layers.{i}.weight", [8, 12], values.CopyTo))];
        MdlWriter.Write(path, tensors, new TrainingState(17, 68, 5, -3), new Dictionary<string, string> { ["model"] = "{hidden: 32}" });
        return File.ReadAllBytes(path);
    }

    private void Try<TError>(byte[] whole, Action<string> load)
        where TError : Exception => Trial.All<TError>(Enumerable.Range(0, Cases).Select<int, (string, Action)>(seed =>
    {
        string path = directory.File($"{seed}.h5");
        File.WriteAllBytes(path, Damage.Of(whole, seed));
        return ($"seed {seed}", () => load(path));
    }));
}
