using SparseEngine.Checkpoints;
using SparseEngine.Configuration;

namespace SparseEngine.Tests.Checkpoints;

/// <summary>A command that is stopped leaves the folder as it found it.</summary>
public sealed class StoppedCommandTests : IDisposable
{
    private static readonly SparsityParameters Half = new()
    {
        Selection = SparsitySelection.Default,
        Groups = [new SparsityGroup(Pattern: null, Sparsity: 0.5, SparsityMethod.TopK, Seed: 1, Location: "params.yaml:1:1")],
        DumpMasks = true,
    };

    private readonly TemporaryDirectory directory = new();
    private readonly CancellationTokenSource source = new();
    private readonly string input;

    public StoppedCommandTests()
    {
        input = directory.File("input.safetensors");
        SafetensorsWriter.Write(
            input, [.. Enumerable.Range(0, 4).Select(i => new TensorWriter($"w{i}", [2, 2], values => new float[] { 1, 2, 3, 4 }.CopyTo(values)))]);
    }

    public void Dispose()
    {
        source.Dispose();
        directory.Dispose();
    }

    [Theory]
    [InlineData("output.mdl")]
    [InlineData("output.safetensors")]
    public void A_stopped_finalizer_leaves_the_file_that_was_there(string name)
    {
        File.WriteAllText(directory.File(name), "something dear");
        source.Cancel();

        using CheckpointReader reader = CheckpointReader.Open(input);
        CheckpointOutput output = CheckpointOutput.For(directory.File(name), input, overwrite: true);
        Assert.Throws<OperationCanceledException>(() => CheckpointFinalizer.Write(reader, output, source.Token));

        Assert.Equal("something dear", File.ReadAllText(directory.File(name)));
        Assert.Equal([input, directory.File(name)], Directory.GetFiles(directory.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_stopped_sparsifier_leaves_no_mask_either()
    {
        using CheckpointReader reader = CheckpointReader.Open(input);
        CheckpointOutput output = CheckpointOutput.For(directory.File("output.mdl"), input, overwrite: false);
        CheckpointSparsifier sparsifier = CheckpointSparsifier.Create(reader, Half);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => sparsifier.Write(output, source.Token));

        Assert.Equal([input], Directory.GetFiles(directory.Path));
    }
}
