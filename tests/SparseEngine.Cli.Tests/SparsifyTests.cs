using System.Text;
using System.Text.Json;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

public sealed class SparsifyTests : IDisposable
{
    private const string Missing = "params.yaml: the file has no sparsity section; valid: sparsity: a map with sparsity and init_method, "
        + "a list of such maps, or a number in [0, 1)";

    private const string Half = "sparsity: {sparsity: 0.5, init_method: topk, seed: 1}";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_reference_mask_is_reproduced_bit_for_bit_in_one_file()
    {
        string vectors = Path.Combine(AppContext.BaseDirectory, "data", "masks.safetensors");
        using CheckpointReader file = CheckpointReader.Open(vectors);
        using JsonDocument cases = JsonDocument.Parse(file.Metadata["cases"]);
        List<JsonElement> all = [.. cases.RootElement.EnumerateArray()];
        SafetensorsWriter.Write(
            folder.File("dense.safetensors"),
            [
                .. all.Select(one => $"{Name(one)}.weight")
                    .Select(name => new TensorWriter(name, file.Shape(name), values => file.Read(name, values))),
            ]);

        // A weight's seed is its group's plus its index in the file.
        StringBuilder yaml = new("sparsity:\n  dump_masks: true\n  param_name_patterns:\n");
        for (int index = 0; index < all.Count; index++)
        {
            yaml.Append(
                $"    {Name(all[index])}: {{sparsity: {all[index].GetProperty("sparsity")}, init_method: {all[index].GetProperty("init_method")}, ");
            yaml.Append($"seed: {all[index].GetProperty("seed").GetInt64() - index}}}\n");
        }

        folder.Write("params.yaml", yaml.ToString());
        (await SparsifyAsync("dense.safetensors", "sparse.mdl")).EndsWith(0);

        Assert.True(all.Count >= 100);
        using CheckpointReader sparse = CheckpointReader.Open(folder.File("sparse.mdl"));
        foreach (string name in all.Select(Name))
        {
            float[] weight = CheckpointFiles.Read(file, $"{name}.weight");
            float[] keep = CheckpointFiles.Read(file, $"{name}.keep");
            float[] expected = [.. weight.Zip(keep, (value, kept) => kept == 0 ? float.NaN : float.IsFinite(value) ? value : 0)];
            Assert.Equal(expected, CheckpointFiles.Read(sparse, $"{name}.weight"));
            Assert.Equal(keep.Select(kept => (byte)kept), MaskFile($"{name}.weight.npy"));
        }

        static string Name(JsonElement one) => one.GetProperty("name").GetString()!;
    }

    [Fact]
    public async Task The_optimizers_state_goes_by_its_parameters_mask_and_regrown_places_are_0_in_both()
    {
        MdlWriter.Write(
            folder.File("dense.mdl"),
            [
                CheckpointFiles.Tensor("head.bias", [2], 1, 2),
                CheckpointFiles.Tensor("optimizer.state.fc.weight.exp_avg", [2, 3], 10, 20, 30, 40, 50, 60),
                CheckpointFiles.Tensor("fc.weight", [2, 3], -6, 1, float.NaN, 3, float.NegativeInfinity, 2),
                CheckpointFiles.Tensor("optimizer.state.fc.weight.step", [1], 7),
                CheckpointFiles.Tensor("optimizer.state.0.exp_avg", [2, 3], 1, 2, 3, 4, 5, 6),
            ],
            CheckpointFiles.State);

        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: topk, seed: 1}");
        (await SparsifyAsync("dense.mdl", "half.mdl")).EndsWith(0);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.0, init_method: topk, seed: 1}");
        ProgramResult regrown = (await SparsifyAsync("half.mdl", "whole.safetensors")).EndsWith(0);

        CheckpointFiles.AssertHolds(
            folder.File("half.mdl"),
            ("head.bias", [1, 2]),
            ("fc.weight", [-6, float.NaN, float.NaN, 3, float.NaN, 2]),
            ("optimizer.state.fc.weight.exp_avg", [10, float.NaN, float.NaN, 40, float.NaN, 60]),
            ("optimizer.state.fc.weight.step", [7]),
            ("optimizer.state.0.exp_avg", [1, 2, 3, 4, 5, 6]));
        CheckpointFiles.AssertHolds(
            folder.File("whole.safetensors"),
            ("head.bias", [1, 2]),
            ("fc.weight", [-6, 0, 0, 3, 0, 2]),
            ("optimizer.state.fc.weight.exp_avg", [10, 0, 0, 40, 0, 60]),
            ("optimizer.state.fc.weight.step", [7]),
            ("optimizer.state.0.exp_avg", [1, 2, 3, 4, 5, 6]));
        Assert.Contains("6 of 6 elements of 1 weight kept (0% zeros), 3 of them regrown as 0", regrown.Output, StringComparison.Ordinal);
        using CheckpointReader whole = CheckpointReader.Open(folder.File("whole.safetensors"));
        Assert.Equal(CheckpointFiles.State, whole.State);
    }

    [Fact]
    public async Task A_sparsified_initial_checkpoint_is_what_a_run_starts_with()
    {
        using TinyRun run = new();
        string parameters = Path.Combine(run.Location, "params.yaml");
        File.WriteAllText(
            parameters,
            File.ReadAllText(parameters).Replace("log_steps: 2,", "log_steps: 1, save_initial_checkpoint: True,", StringComparison.Ordinal));
        (await run.RunAsync("train", "--max_steps", "1")).EndsWith(0);

        (await ProgramProcess.RunAsync(
            run.Location, "sparsify", "-i", run.Output("checkpoint_0.mdl"), "-o", "sparse.mdl", "--params", "params.yaml")).EndsWith(0);

        Dictionary<string, float[]> trained =
            CheckpointFiles.Read(run.Output("checkpoint_1.mdl")).ToDictionary(tensor => tensor.Name, tensor => tensor.Elements);
        IReadOnlyList<(string Name, float[] Elements)> sparse = CheckpointFiles.Read(Path.Combine(run.Location, "sparse.mdl"));
        Assert.Contains(sparse, tensor => tensor.Elements.Any(float.IsNaN));
        Assert.All(sparse, tensor => Assert.Equal(trained[tensor.Name].Select(float.IsNaN), tensor.Elements.Select(float.IsNaN)));
    }

    [Fact]
    public async Task Nothing_of_the_YAML_but_its_sparsity_section_matters()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        folder.Write("params.yaml", $"modle: 3\nmodel: {{hidden_size: -1}}\nrunconfig: [what]\n{Half}\n");

        ProgramResult result = (await SparsifyAsync("sparse.mdl", "out.mdl")).EndsWith(0);

        Assert.Equal("", result.Errors);
        Assert.Contains("model.layer.weight", result.Output, StringComparison.Ordinal);
        Assert.Contains("out.mdl: 3 tensors, 3 of 6 elements of 1 weight kept (50% zeros), ", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model: {}", Missing)]
    [InlineData("sparsity: {}", Missing)]
    [InlineData("sparsity: {sparsity: 1.5, init_method: topk}", "params.yaml:1:12: sparsity.sparsity is 1.5; valid: a number in [0, 1)")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topkk}",
        "params.yaml:1:27: sparsity.init_method is \"topkk\"; valid: random, topk, from_zeros, checkerboard")]
    public async Task A_section_that_is_missing_or_wrong_is_one_line_and_exit_code_2(string yaml, string expected)
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        folder.Write("params.yaml", yaml);

        ProgramResult result = (await SparsifyAsync("sparse.mdl", "out.mdl")).EndsWith(2);

        Assert.Equal(expected + Environment.NewLine, result.Errors);
        Assert.False(File.Exists(folder.File("out.mdl")));
    }

    [Fact]
    public async Task Patterns_that_match_nothing_and_NaN_that_none_covers_are_warned_of_as_in_a_run()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        folder.Write("params.yaml", "sparsity:\n  param_name_patterns:\n    bais: {sparsity: 0.5, init_method: topk}\n");

        ProgramResult result = (await SparsifyAsync("sparse.mdl", "out.mdl")).EndsWith(0);

        Assert.Contains("WARNING: params.yaml:3:5: the sparsity pattern \"bais\" matches no weight", result.Errors, StringComparison.Ordinal);
        Assert.Contains("WARNING: No sparsity applied.", result.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "WARNING: NaN stay in parameters that the sparsity section does not cover: 3 values in 1 parameter", result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(folder.File("sparse.mdl")), File.ReadAllBytes(folder.File("out.mdl")));
    }

    [Fact]
    public async Task Masks_are_numpy_files_beside_the_output_and_an_existing_one_needs_force()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: topk, dump_masks: true}");
        Directory.CreateDirectory(folder.File("out"));
        folder.Write("out/model.layer.weight.npy", "something dear");

        ProgramResult refused = (await SparsifyAsync("sparse.mdl", "out/a.mdl")).EndsWith(2);
        Assert.Equal(["model.layer.weight.npy"], Directory.GetFiles(folder.File("out")).Select(Path.GetFileName));
        (await SparsifyAsync("sparse.mdl", "out/a.mdl", "--force")).EndsWith(0);

        Assert.EndsWith(
            $"model.layer.weight.npy: exists already; --force overwrites it{Environment.NewLine}", refused.Errors, StringComparison.Ordinal);
        Assert.Equal([1, 0, 1, 0, 0, 1], MaskFile("out/model.layer.weight.npy"));
        Assert.Equal(
            ["a.mdl", "model.layer.weight.npy"], Directory.GetFiles(folder.File("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_failure_half_way_leaves_neither_checkpoint_nor_masks()
    {
        byte[] bytes = File.ReadAllBytes(CheckpointFiles.WriteSparse(folder, "sparse.mdl"));
        bytes[bytes.AsSpan().IndexOf(BitConverter.GetBytes(0.3f))] ^= 1;
        File.WriteAllBytes(folder.File("sparse.mdl"), bytes);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: topk, seed: 1, dump_masks: true}");

        ProgramResult result = (await SparsifyAsync("sparse.mdl", "out.mdl")).EndsWith(1);

        Assert.Equal(
            $"sparse.mdl: is damaged: optimizer.state.model.layer.weight.exp_avg does not have its checksum{Environment.NewLine}", result.Errors);
        Assert.Equal(["params.yaml", "sparse.mdl"], Directory.GetFiles(folder.Location).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_weight_whose_name_is_a_path_gets_no_mask_file_outside_the_folder()
    {
        SafetensorsWriter.Write(folder.File("in.safetensors"), [CheckpointFiles.Tensor("../weight", [2, 2], 1, 2, 3, 4)]);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: topk, seed: 1, dump_masks: true}");

        ProgramResult result = (await SparsifyAsync("in.safetensors", "out.safetensors")).EndsWith(1);

        Assert.Contains(
            "the mask of \"../weight\" cannot be written: its name cannot be that of a file; leave out dump_masks", result.Errors,
            StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("out.safetensors")));
    }

    private byte[] MaskFile(string name)
    {
        byte[] file = File.ReadAllBytes(folder.File(name));
        return file[(10 + BitConverter.ToUInt16(file, 8))..];
    }

    private Task<ProgramResult> SparsifyAsync(string input, string output, params string[] options) =>
        ProgramProcess.RunAsync(folder.Location, ["sparsify", "-i", input, "-o", output, "--params", "params.yaml", .. options]);
}
