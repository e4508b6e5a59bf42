using System.Text.Json;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

/// <summary>Checkpoints of runs whose masks move, which mark the places that have lived; and runs that start from dense ones.</summary>
public sealed class MovingMasksCheckpointTests : IDisposable
{
    private const string Dense = "{sparsity: 0.0, init_method: random, seed: 1}";

    private readonly TinyRun run = new(checkpointSteps: 4, logSteps: 1, sparsity: TinyRun.MovingMasks);

    public void Dispose() => run.Dispose();

    [Fact]
    public async Task Inspect_tells_what_has_ever_lived_of_each_weight()
    {
        (await run.RunAsync("train")).EndsWith(0);

        JsonElement found = await InspectAsync(run.Output("checkpoint_8.mdl"));
        ProgramResult table = (await ProgramProcess.RunAsync(run.Location, "inspect", run.Output("checkpoint_8.mdl"))).EndsWith(0);

        JsonElement logged = JsonElement.Parse(run.MaskUpdates()[^1]).GetProperty("masks");
        Dictionary<string, double> expected = logged.EnumerateObject().Where(weight => weight.Name != "total")
            .ToDictionary(weight => weight.Name, weight => weight.Value.GetProperty("ever_alive").GetDouble());
        Assert.Equal(12, expected.Count);
        Assert.Equal(expected, EverAlive(found));
        Assert.All(expected.Values, share => Assert.InRange(share, 0.26, 0.9));
        Assert.Matches(@"tensor +shape +dtype +elements +sparsity +ever alive +NaN +infinite", table.Output);
        (string name, double ever) = expected.First();
        Assert.Matches(FormattableString.Invariant($@"{name} +[\d x]+ +float32 +[\d,]+ +0\.75 +{ever:0.####} +[\d,]+ +0"), table.Output);
    }

    [Fact]
    public async Task The_mark_survives_other_formats_and_a_run_that_goes_on_from_them_is_the_unbroken_one_bit_for_bit()
    {
        (await run.RunAsync("train")).EndsWith(0);
        string[] updates = [.. run.MaskUpdates()];
        IReadOnlyDictionary<int, (double, double)> losses = run.Losses();

        (await SparsifyAsync(run.Output("checkpoint_4.mdl"), "copy.safetensors")).EndsWith(0);
        (await SparsifyAsync("copy.safetensors", "back.mdl")).EndsWith(0);
        WriteShards("copy.safetensors", "shards");
        JsonElement expected = await InspectAsync(run.Output("checkpoint_4.mdl"));
        foreach (string copy in (string[])["copy.safetensors", "back.mdl", "shards"])
        {
            Assert.Equal(EverAlive(expected), EverAlive(await InspectAsync(copy)));
        }

        (await run.RunAsync("train", "--checkpoint_path", "back.mdl", "--model_dir", "again")).EndsWith(0);

        string[] again = [.. File.ReadLines(Path.Combine(run.Location, "again", "metrics.jsonl"))
            .Where(line => line.Contains("\"masks\"", StringComparison.Ordinal))];
        Assert.Equal(updates[2..], again);
        Assert.Equal(
            Bits(run.Output("checkpoint_8.mdl")), Bits(Path.Combine(run.Location, "again", "checkpoint_8.mdl")));
        Assert.Equal(8, losses.Count);
    }

    [Fact]
    public async Task Another_level_keeps_the_mark_and_adds_what_it_drops()
    {
        (await run.RunAsync("train")).EndsWith(0);
        run.WriteFile("level.yaml", "sparsity: {sparsity: 0.9, init_method: topk, seed: 11}");

        (await SparsifyAsync(run.Output("checkpoint_8.mdl"), "sparser.mdl", "level.yaml")).EndsWith(0);

        JsonElement sparser = await InspectAsync("sparser.mdl");
        Assert.Equal(EverAlive(await InspectAsync(run.Output("checkpoint_8.mdl"))), EverAlive(sparser));
        Assert.All(
            sparser.GetProperty("tensors").EnumerateArray().Where(tensor => tensor.TryGetProperty("ever_alive", out _)),
            tensor => Assert.Equal(0.9, tensor.GetProperty("sparsity").GetDouble(), 0.001));
    }

    [Fact]
    public async Task Finalize_and_convert_make_ordinary_numbers_of_marks()
    {
        (await run.RunAsync("train")).EndsWith(0);

        (await ProgramProcess.RunAsync(run.Location, "finalize", "-i", run.Output("checkpoint_8.mdl"), "-o", "final.mdl")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "convert", "-i", run.Output("checkpoint_8.mdl"), "-o", "hf")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "convert", "-i", "final.mdl", "-o", "hf-final")).EndsWith(0);

        IReadOnlyList<(string Name, float[] Elements)> trained = CheckpointFiles.Read(run.Output("checkpoint_8.mdl"));
        IReadOnlyList<(string Name, float[] Elements)> final = CheckpointFiles.Read(Path.Combine(run.Location, "final.mdl"));
        Assert.All(
            trained.Zip(final), pair => Assert.Equal(pair.First.Elements.Select(value => float.IsNaN(value) ? 0 : value), pair.Second.Elements));
        Assert.Equal(Bits(Path.Combine(run.Location, "hf-final")), Bits(Path.Combine(run.Location, "hf")));
        Assert.Empty(EverAlive(await InspectAsync("final.mdl")));
    }

    [Theory]
    [InlineData(TinyRun.MovingMasks)]
    [InlineData("{sparsity: 0.75, init_method: topk, seed: 11}")]
    public async Task A_dense_checkpoint_starts_a_sparse_run_at_step_0_from_a_later_step_and_from_hugging_face(string sparsity)
    {
        using TinyRun dense = new(sparsity: Dense);
        using TinyRun sparse = new(logSteps: 1, sparsity: sparsity);
        (await dense.RunAsync("train", "--max_steps", "3")).EndsWith(0);
        string checkpoint = dense.Output("checkpoint_3.mdl");
        string hf = Path.Combine(dense.Location, "hf");
        string back = Path.Combine(dense.Location, "back.mdl");
        (await ProgramProcess.RunAsync(dense.Location, "convert", "-i", checkpoint, "-o", hf)).EndsWith(0);
        (await ProgramProcess.RunAsync(dense.Location, "convert", "-i", hf, "-o", back)).EndsWith(0);

        await Starts("weights", firstStep: 1, "--checkpoint_path", checkpoint, "--is_pretrained_checkpoint");
        await Starts("later", firstStep: 4, "--checkpoint_path", checkpoint);
        await Starts("converted", firstStep: 1, "--checkpoint_path", back);

        async Task Starts(string folder, int firstStep, params string[] options)
        {
            ProgramResult result = (await sparse.RunAsync("train", ["--model_dir", folder, .. options])).EndsWith(0);

            Assert.Equal("", result.Errors);
            JsonElement first = JsonElement.Parse(File.ReadLines(Path.Combine(sparse.Location, folder, "metrics.jsonl"))
                .First(line => line.Contains("\"loss\"", StringComparison.Ordinal)));
            Assert.Equal(firstStep, first.GetProperty("step").GetInt32());
            string end = Path.Combine(sparse.Location, folder, "checkpoint_8.mdl");
            IReadOnlyList<(string Name, float[] Elements)> weights =
                [.. CheckpointFiles.Read(end).Where(tensor => tensor.Elements.Any(float.IsNaN) && !OptimizersOwn(tensor.Name))];
            Assert.Equal(12, weights.Count);
            Assert.All(weights, weight => Assert.Equal(weight.Elements.Length / 4, weight.Elements.Count(value => !float.IsNaN(value))));
        }
    }

    private static bool OptimizersOwn(string name) => name.StartsWith("optimizer.", StringComparison.Ordinal);

    private static Dictionary<string, double> EverAlive(JsonElement inspected) => inspected.GetProperty("tensors").EnumerateArray()
        .Where(tensor => tensor.TryGetProperty("ever_alive", out _))
        .ToDictionary(tensor => tensor.GetProperty("name").GetString()!, tensor => tensor.GetProperty("ever_alive").GetDouble());

    private static Dictionary<string, uint[]> Bits(string path) => CheckpointFiles.Read(path)
        .ToDictionary(tensor => tensor.Name, tensor => tensor.Elements.Select(BitConverter.SingleToUInt32Bits).ToArray());

    /// <summary>Writes a checkpoint as two shards with their index.</summary>
    private void WriteShards(string checkpoint, string name)
    {
        using CheckpointReader reader = CheckpointReader.Open(Path.Combine(run.Location, checkpoint));
        string target = Directory.CreateDirectory(Path.Combine(run.Location, name)).FullName;
        Dictionary<string, string> places = [];
        for (int shard = 0; shard < 2; shard++)
        {
            string file = $"model-{shard + 1:00000}-of-00002.safetensors";
            string[] names = [.. reader.Names.Where((_, index) => index % 2 == shard)];
            SafetensorsWriter.Write(
                Path.Combine(target, file),
                [.. names.Select(tensor => new TensorWriter(tensor, reader.Shape(tensor), values => reader.Read(tensor, values)))]);
            foreach (string tensor in names)
            {
                places[tensor] = file;
            }
        }

        File.WriteAllText(
            Path.Combine(target, "model.safetensors.index.json"),
            JsonSerializer.Serialize(new { metadata = new { total_size = 0 }, weight_map = places }));
    }

    private async Task<JsonElement> InspectAsync(string checkpoint) =>
        JsonElement.Parse((await ProgramProcess.RunAsync(run.Location, "inspect", checkpoint, "--json")).EndsWith(0).Output);

    private Task<ProgramResult> SparsifyAsync(string input, string output, string parameters = "params.yaml") =>
        ProgramProcess.RunAsync(run.Location, "sparsify", "-i", input, "-o", output, "-p", parameters);
}
