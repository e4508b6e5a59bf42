using System.Text.Json;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

public sealed class InspectTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_table_has_a_row_for_each_tensor_their_sums_and_the_step()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, "inspect", "sparse.mdl")).EndsWith(0);

        string[][] rows = [.. result.Output.Split(Environment.NewLine)
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length > 1)];
        Assert.Contains(["tensor", "shape", "dtype", "elements", "sparsity", "NaN", "infinite"], rows);
        Assert.Contains(["model.layer.weight", "2 x 3", "float32", "6", "0.5", "3", "0"], rows);
        Assert.Contains(["optimizer.state.model.layer.weight.exp_avg", "2 x 3", "float32", "6", "0.5", "3", "0"], rows);
        Assert.Contains(["model.layer.bias", "2", "float32", "2", "0", "0", "1"], rows);
        Assert.Contains(["all parameters", "8", "0.375", "3", "1"], rows);
        Assert.Contains(["all optimizer state", "6", "0.5", "3", "0"], rows);
        Assert.Contains(["step", "17"], rows);
        Assert.Contains(["samples consumed", "340"], rows);
        Assert.Contains(["model", "{\"hidden\": 3}"], rows);
        Assert.Equal("", result.Errors);
    }

    [Theory]
    [InlineData("sparse.mdl")]
    [InlineData("sparse.safetensors")]
    public async Task The_JSON_says_the_same_under_keys_that_stay(string name)
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        using (CheckpointReader reader = CheckpointReader.Open(folder.File("sparse.mdl")))
        {
            SafetensorsWriter.Write(
                folder.File("sparse.safetensors"),
                [.. reader.Names.Select(tensor => new TensorWriter(tensor, reader.Shape(tensor), values => reader.Read(tensor, values)))],
                reader.Metadata, reader.State);
        }

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, "inspect", name, "--json")).EndsWith(0);

        JsonElement found = JsonElement.Parse(result.Output);
        JsonElement expected = JsonElement.Parse($$"""
            {
                "file": "{{name}}", "step": 17, "samples_consumed": 340, "seed": 5, "shuffle_seed": 3,
                "parameters": {"tensors": 2, "elements": 8, "sparsity": 0.375, "nan": 3, "infinity": 1},
                "optimizer": {"tensors": 1, "elements": 6, "sparsity": 0.5, "nan": 3, "infinity": 0},
                "metadata": {"model": "{\"hidden\": 3}", "optimizer.updates": "16"},
                "tensors": [
                    {"name": "model.layer.weight", "shape": [2, 3], "dtype": "float32", "elements": 6, "sparsity": 0.5, "nan": 3, "infinity": 0},
                    {"name": "optimizer.state.model.layer.weight.exp_avg", "shape": [2, 3], "dtype": "float32", "elements": 6,
                     "sparsity": 0.5, "nan": 3, "infinity": 0},
                    {"name": "model.layer.bias", "shape": [2], "dtype": "float32", "elements": 2, "sparsity": 0, "nan": 0, "infinity": 1}
                ]
            }
            """);
        Assert.True(JsonElement.DeepEquals(expected, found), result.Output);
    }

    [Fact]
    public async Task A_file_of_another_program_has_no_step_and_its_own_types()
    {
        const string header = """{"__metadata__":{"format":"pt"},"wte":{"dtype":"BF16","shape":[1,2],"data_offsets":"""
            + """[0,4]},"none":{"dtype":"I64","shape":[0],"data_offsets":[4,4]}}""";
        File.WriteAllBytes(
            folder.File("theirs.safetensors"),
            [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), 0x80, 0x3F, 0xC0, 0x7F]);

        ProgramResult json = (await ProgramProcess.RunAsync(folder.Location, "inspect", "theirs.safetensors", "--json")).EndsWith(0);
        ProgramResult table = (await ProgramProcess.RunAsync(folder.Location, "inspect", "theirs.safetensors")).EndsWith(0);

        JsonElement found = JsonElement.Parse(json.Output);
        Assert.Equal(JsonValueKind.Null, found.GetProperty("step").ValueKind);
        Assert.Equal(["bfloat16", "int64"], found.GetProperty("tensors").EnumerateArray().Select(tensor => tensor.GetProperty("dtype").GetString()));
        Assert.Equal([0.5, 0], found.GetProperty("tensors").EnumerateArray().Select(tensor => tensor.GetProperty("sparsity").GetDouble()));
        Assert.Equal(0, found.GetProperty("optimizer").GetProperty("tensors").GetInt32());
        Assert.Contains("not in the file", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("optimizer state", table.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public async Task A_damaged_checkpoint_is_one_line_and_no_output(string option)
    {
        byte[] bytes = File.ReadAllBytes(CheckpointFiles.WriteSparse(folder, "sparse.mdl"));
        bytes[bytes.AsSpan().IndexOf(BitConverter.GetBytes(-6f))] ^= 1;
        File.WriteAllBytes(folder.File("sparse.mdl"), bytes);

        ProgramResult result =
            await ProgramProcess.RunAsync(folder.Location, ["inspect", "sparse.mdl", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        result.EndsWith(1);
        Assert.Equal($"sparse.mdl: is damaged: model.layer.weight does not have its checksum{Environment.NewLine}", result.Errors);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task The_checkpoint_of_a_sparse_run_has_the_sparsity_that_was_asked_for()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult result = (await ProgramProcess.RunAsync(run.Location, "inspect", "--json", run.Output("checkpoint_8.mdl"))).EndsWith(0);

        JsonElement found = JsonElement.Parse(result.Output);
        Assert.Equal(8, found.GetProperty("step").GetInt32());
        JsonElement[] sparse = [.. found.GetProperty("tensors").EnumerateArray().Where(tensor => tensor.GetProperty("nan").GetInt64() > 0)];
        Assert.Equal(12 * 3, sparse.Length);
        Assert.All(sparse, tensor => Assert.Equal(0.75, tensor.GetProperty("sparsity").GetDouble()));
    }
}
