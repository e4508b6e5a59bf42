using System.Diagnostics;
using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.ModelZoo;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Cli.Tests;

/// <summary>The Model Zoo's own checkpoints, in both directions.</summary>
public sealed class ZooCheckpointTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly TinyRun run = new(checkpointSteps: 4);

    public void Dispose() => run.Dispose();

    [Fact]
    public async Task A_checkpoint_goes_to_the_zoo_and_comes_back_as_the_same_file()
    {
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult there = (await ConvertAsync("-i", "out/checkpoint_4.mdl", "--to", "zoo-1.8", "-p", "params.yaml", "-o", "zoo.mdl")).EndsWith(0);
        (await ConvertAsync("-i", "zoo.mdl", "--to", "sparse-engine", "-o", "back.mdl")).EndsWith(0);

        Assert.StartsWith("zoo.mdl: 26,368 parameters, 72 tensors of optimizer state, step 4, ", there.Output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(run.Output("checkpoint_4.mdl")), File.ReadAllBytes(PathOf("back.mdl")));
    }

    [Fact]
    public async Task A_run_goes_on_from_a_file_of_the_zoo_with_step_and_moments()
    {
        (await run.RunAsync("train")).EndsWith(0);
        WriteAsTheZoo("zoo.mdl");

        ProgramResult resumed = (await run.RunAsync("train", "--checkpoint_path", "zoo.mdl", "--model_dir", "resumed")).EndsWith(0);

        Assert.Equal("", resumed.Errors);
        Assert.Contains("Starting from zoo.mdl at step 4", resumed.Output, StringComparison.Ordinal);
        string[] whole = [.. Losses("out").Where(line => line.Step > 4).Select(line => line.Loss)];
        Assert.NotEmpty(whole);
        Assert.Equal(whole, Losses("resumed").Select(line => line.Loss));
    }

    [Fact]
    public async Task Inspect_finalize_and_sparsify_keep_moments_and_step_of_a_file_of_the_zoo()
    {
        (await run.RunAsync("train")).EndsWith(0);
        WriteAsTheZoo("zoo.mdl");

        ProgramResult inspected = (await ProgramProcess.RunAsync(run.Location, "inspect", "zoo.mdl", "--json")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "finalize", "-i", "zoo.mdl", "-o", "final.mdl")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "sparsify", "-i", "zoo.mdl", "-p", "params.yaml", "-o", "sparse.mdl")).EndsWith(0);

        using JsonDocument json = JsonDocument.Parse(inspected.Output);
        Assert.Equal(4, json.RootElement.GetProperty("step").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("seed").ValueKind);
        Assert.Equal(72, json.RootElement.GetProperty("optimizer").GetProperty("tensors").GetInt32());
        IReadOnlyList<(string Name, float[] Elements)> original = CheckpointFiles.Read(run.Output("checkpoint_4.mdl"));
        CheckpointFiles.AssertHolds(
            PathOf("final.mdl"),
            [.. original.Select(tensor => (tensor.Name, tensor.Elements.Select(value => float.IsNaN(value) ? 0 : value).ToArray()))]);
        using CheckpointReader final = CheckpointReader.Open(PathOf("final.mdl"));
        using CheckpointReader sparse = CheckpointReader.Open(PathOf("sparse.mdl"));
        Assert.Equal((4, 4), (final.State!.Step, sparse.State!.Step));

        // The same section again changes nothing.
        Assert.Equal(original.Select(tensor => tensor.Name), sparse.Names);
        Assert.All(original, tensor => Assert.Equal(tensor.Elements, CheckpointFiles.Read(sparse, tensor.Name)));
    }

    [Fact]
    public async Task An_optimizers_state_goes_to_the_zoo_only_with_the_yaml_of_its_run()
    {
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);

        ProgramResult refused = (await ConvertAsync("-i", "out/checkpoint_4.mdl", "--to", "zoo-1.8", "-o", "zoo.mdl")).EndsWith(2);
        ProgramResult named = (await ConvertAsync("-i", "out/checkpoint_4.mdl", "--to", "zoo-1.7", "-o", "zoo.mdl")).EndsWith(2);

        Assert.StartsWith(
            "out/checkpoint_4.mdl: holds an optimizer's state, with which the Model Zoo takes betas", refused.Errors, StringComparison.Ordinal);
        Assert.EndsWith($"--params FILE{Environment.NewLine}", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--to is \"zoo-1.7\"; valid: zoo-1.8, sparse-engine, gpt2, ", named.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("zoo.mdl")));
    }

    [Fact]
    public async Task Python_finds_every_key_of_the_specification_in_the_file()
    {
        Assert.SkipUnless(
            File.Exists(Python) && RunPython("import h5py", "").Code == 0, $"{Python} has no h5py; Debian's package is python3-h5py.");
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        (await ConvertAsync("-i", "out/checkpoint_4.mdl", "--to", "zoo-1.8", "-p", "params.yaml", "-o", "zoo.mdl")).EndsWith(0);

        (int code, string output, string errors) = RunPython(
            """
            import h5py, numpy, pickle, sys, types
            class TreeSpec: pass
            class LeafSpec(TreeSpec): pass
            module = types.ModuleType("torch.utils._pytree")
            module.TreeSpec, module.LeafSpec = TreeSpec, LeafSpec
            for name in ["torch", "torch.utils"]: sys.modules[name] = types.ModuleType(name)
            sys.modules["torch.utils._pytree"] = module
            file = h5py.File(sys.argv[1], "r")
            def keys(spec, scope):
                assert spec.num_leaves == (sum(part.num_leaves for part in spec.children_specs) if spec.type else 1)
                if spec.context is not None:
                    for key, part in zip(spec.context, spec.children_specs): yield from keys(part, scope + [str(key)])
                elif spec.type is None:
                    yield ".".join(scope)
                else:
                    assert spec.type in (list, tuple)
                    for index, part in enumerate(spec.children_specs): yield from keys(part, scope + [str(index)])
            assert set(keys(pickle.loads(bytes.fromhex(file.attrs["__spec__"])), [])) == set(file)
            assert file.attrs["__version__"] == 0.2 and file["global_step"][()] == 4 and file["global_step"].attrs["is_scalar"]
            head, table = file["model.model.lm_head.weight"], file["model.model.embedding_layer.word_embeddings.weight"]
            assert head == table and numpy.array_equal(head[...], table[...])
            assert numpy.isclose(file["optimizer.state.0.beta2_power"][()], 0.999 ** 5)
            decaying = [file[f"optimizer.param_groups.0.params.{index}"][()] for index in range(14)]
            assert decaying == list(range(14)) and file["optimizer.param_groups.1.params.0"][()] == 14
            assert file["optimizer.state.14.exp_avg"].shape == (32,) and file["lr_scheduler.last_epoch"][()] == 4
            print("whole")
            """,
            PathOf("zoo.mdl"));

        Assert.True(code == 0, errors);
        Assert.Equal("whole", output.Trim());
    }

    /// <summary>Writes step 4 as the zoo itself does: nothing of what this program keeps beside it.</summary>
    private void WriteAsTheZoo(string name)
    {
        RunParameters parameters = RunParametersReader.ReadFile(PathOf("params.yaml")).Parameters;
        using CheckpointReader reader = CheckpointReader.Open(run.Output("checkpoint_4.mdl"));
        StateTree tree = ZooState.Of(parameters.Model, parameters.Optimizer, step: 4, updates: 4, tensor =>
            new TensorWriter(tensor, reader.Shape(tensor), values => reader.Read(tensor, values)));
        ZooWriter.Write(PathOf(name), tree, state: null, new Dictionary<string, string>());
    }

    private IEnumerable<(int Step, string Loss)> Losses(string modelDirectory) =>
        from line in File.ReadLines(Path.Combine(run.Location, modelDirectory, "metrics.jsonl"))
        let json = JsonDocument.Parse(line).RootElement
        where json.TryGetProperty("loss", out _)
        select (json.GetProperty("step").GetInt32(), $"{json.GetProperty("loss")} {json.GetProperty("grad_norm")}");

    private Task<ProgramResult> ConvertAsync(params string[] options) => ProgramProcess.RunAsync(run.Location, ["convert", .. options]);

    private string PathOf(string name) => Path.Combine(run.Location, name);

    private static (int Code, string Output, string Errors) RunPython(string program, string argument)
    {
        using Process process =
            Process.Start(new ProcessStartInfo(Python, ["-c", program, argument]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
