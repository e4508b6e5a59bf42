using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints;

public sealed class ShardedReaderTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";
    private const string Index = $$"""
        {
          "metadata": {"total_size": 24},
          "weight_map": {
            "a": "{{First}}",
            "b": "{{Second}}",
            "c": "{{First}}"
          }
        }
        """;

    private readonly TemporaryDirectory directory = new();

    public ShardedReaderTests()
    {
        File.WriteAllBytes(directory.File(First), StoredTensor.File([StoredTensor.Single("c", [1], [5]), StoredTensor.Single("a", [2], [1, 2])]));
        File.WriteAllBytes(directory.File(Second), StoredTensor.File([StoredTensor.Single("b", [1, 3], [3, 4, float.NaN])]));
        File.WriteAllText(IndexPath, Index);
    }

    private string IndexPath => directory.File("model.safetensors.index.json");

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_tensors_of_all_shards_are_read_by_folder_or_index(bool byFolder)
    {
        using CheckpointReader reader = CheckpointReader.Open(byFolder ? directory.Path : IndexPath);

        Assert.Equal(["a", "b", "c"], reader.Names);
        Assert.Equal([1, 3], reader.Shape("b"));
        Assert.Equal([1f, 2], Read(reader, "a", 2));
        Assert.Equal([3f, 4, float.NaN], Read(reader, "b", 3));
        Assert.Equal([5f], Read(reader, "c", 1));
        Assert.Equal([IndexPath, directory.File(First), directory.File(Second)], reader.Files);
    }

    [Fact]
    public void Of_one_file_and_shards_in_a_folder_the_one_file_is_read()
    {
        string whole = directory.File("model.safetensors");
        File.WriteAllBytes(whole, StoredTensor.File([StoredTensor.Single("whole", [1], [7])]));

        using CheckpointReader reader = CheckpointReader.Open(directory.Path);

        Assert.Equal(["whole"], reader.Names);
        Assert.Equal([whole], reader.Files);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        File.Delete(directory.File(Second));
        Assert.Equal($"{directory.File(Second)}: is missing: {IndexPath} places tensors there", Error());
    }

    [Fact]
    public void A_shard_cut_at_any_length_is_named()
    {
        byte[] whole = File.ReadAllBytes(directory.File(Second));
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(directory.File(Second), whole[..length]);
            Assert.StartsWith($"{directory.File(Second)}: ", Error(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_tensor_that_its_shard_lacks_is_named()
    {
        File.WriteAllText(IndexPath, Index.Replace($"\"c\": \"{First}\"", $"\"c\": \"{Second}\"", StringComparison.Ordinal));
        Assert.Equal($"{directory.File(Second)}: has no tensor c, which {IndexPath} places there", Error());
    }

    [Theory]
    [InlineData(
        """{"weight_map":{"a":"../elsewhere.safetensors"}}""", "places a in \"../elsewhere.safetensors\"; valid: the name of a file beside it")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "places a in \"/etc/passwd\"; valid: the name of a file beside it")]
    [InlineData("""{"weight_map":{"a":""}}""", "places a in \"\"; valid: the name of a file beside it")]
    [InlineData("""{"weight_map":{"a":7}}""", "places a in 7; valid: the name of a file beside it")]
    [InlineData("""{"weight_map":["a"]}""", "is not a checkpoint: it is JSON, and no index of shards, which has a weight_map")]
    [InlineData("""{}""", "is not a checkpoint: it is JSON, and no index of shards, which has a weight_map")]
    [InlineData("""{"weight_map":{"a":"mod""", "is not an index of shards: it is not valid JSON")]
    [InlineData("""{"weight_map":{"a":"\ud800"}}""", "is not an index of shards: it has a text that is no Unicode")]
    public void A_bad_index_is_one_clear_line(string json, string expected)
    {
        File.WriteAllText(IndexPath, json);
        Assert.Equal($"{IndexPath}: {expected}", Error());
    }

    [Fact]
    public void An_index_that_names_itself_is_an_error()
    {
        File.WriteAllText(IndexPath, Index.Replace(Second, Path.GetFileName(IndexPath), StringComparison.Ordinal));
        Assert.Equal($"{IndexPath}: is JSON and no .safetensors file", Error());
    }

    [Fact]
    public void A_shard_is_not_overwritten_by_what_is_made_of_its_folder()
    {
        using CheckpointReader reader = CheckpointReader.Open(directory.Path);
        CheckpointOutput output = CheckpointOutput.For(directory.File(Second), directory.Path, overwrite: true);

        ConfigurationException error =
            Assert.Throws<ConfigurationException>(() => CheckpointFinalizer.Write(reader, output, TestContext.Current.CancellationToken));

        Assert.Equal($"{directory.File(Second)}: is the input itself; valid: another file", error.Message);
    }

    private static float[] Read(CheckpointReader reader, string name, int elements)
    {
        float[] values = new float[elements];
        reader.Read(name, values);
        return values;
    }

    private string Error() => Assert.Throws<CheckpointException>(() => CheckpointReader.Open(IndexPath)).Message;
}
