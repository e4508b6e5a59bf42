using System.Text;
using PureHDF;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints;

public sealed class DamageTests : IDisposable
{
    private static readonly TrainingState State = new(17, 34_000_000_000, 5, -3);
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

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

    [Theory]
    [InlineData("__checksums__")]
    [InlineData("__attributes__")]
    [InlineData("samples_consumed")]
    [InlineData("metadata.model")]
    [InlineData("a.weight")]
    [InlineData("{hidden: 32}")]
    [InlineData("\u0000\u00D4\u008E\u00EA\u0007")] // The samples consumed, little endian.
    public void A_flipped_bit_in_names_state_or_texts_is_found(string bytes)
    {
        string path = directory.File("checkpoint_1.mdl");
        MdlWriter.Write(path, [Tensor("a.weight", [2, 3], [1, 2, 3, 4, 5, 6])], State, new Dictionary<string, string> { ["model"] = "{hidden: 32}" });
        byte[] whole = File.ReadAllBytes(path);
        int at = whole.AsSpan().IndexOf(Encoding.Latin1.GetBytes(bytes));
        Assert.True(at > 0);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[at + i] ^= 1;
            File.WriteAllBytes(path, damaged);
            Assert.StartsWith(path, Assert.Throws<CheckpointException>(() => ReadAll(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_flipped_byte_of_the_file_is_found_before_it_does_harm_or_does_none()
    {
        string path = directory.File("checkpoint_1.mdl");
        float[] values = [1, 2, 3, 4, 5, 6];
        MdlWriter.Write(
            path, [Tensor("a.weight", [2, 3], values), Tensor("b", [0], [])], State, new Dictionary<string, string> { ["model"] = "{hidden: 32}" });
        byte[] whole = File.ReadAllBytes(path);
        int harmless = 0;
        for (int at = 8; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, damaged);
            try
            {
                using CheckpointReader reader = CheckpointReader.Open(path);
                Assert.Equal(values, Read(reader, "a.weight", 6));
                Assert.Equal(State, reader.State);
                harmless++;
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith($"{path}: is damaged: ", error.Message, StringComparison.Ordinal);
            }
        }

        // The signature of the checksum itself, and the low bytes of the end of the file.
        Assert.InRange(harmless, 0, 16);
    }

    [Fact]
    public void A_damaged_structure_is_found_before_it_is_parsed()
    {
        string path = directory.File("checkpoint_1.mdl");
        Write(path, ("w", [30, 30], new float[900]));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().LastIndexOf("OHDR"u8) + 8] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Equal(
            $"{path}: is damaged: its structure does not have its checksum",
            Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message);
    }

    [Fact]
    public void A_file_that_another_program_wrote_has_no_checksum_and_is_read()
    {
        string path = directory.File("checkpoint_1.mdl");
        new H5File { ["model.w"] = new float[,] { { 1, 2 }, { 3, 4 } } }.Write(path);

        using CheckpointReader reader = CheckpointReader.Open(path);
        Assert.Equal([1, 2, 3, 4], Read(reader, "model.w", 4));
    }

    private static void Write(string path, params (string Name, int[] Shape, float[] Values)[] tensors) =>
        MdlWriter.Write(path, [.. tensors.Select(tensor => Tensor(tensor.Name, tensor.Shape, tensor.Values))], State);

    private static TensorWriter Tensor(string name, int[] shape, float[] values) => new(name, [.. shape], values.CopyTo);

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
