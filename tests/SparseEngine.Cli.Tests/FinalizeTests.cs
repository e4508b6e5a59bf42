using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

public sealed class FinalizeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("final.mdl")]
    [InlineData("final.h5")]
    [InlineData("final.HDF5")]
    [InlineData("final.safetensors")]
    public async Task Every_NaN_becomes_0_and_all_else_stays_in_either_format(string output)
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");

        ProgramResult result = (await FinalizeAsync("sparse.mdl", output)).EndsWith(0);

        Assert.StartsWith($"{output}: 3 tensors, 6 of 14 elements were NaN and are 0, ", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Errors);
        CheckpointFiles.AssertHolds(
            folder.File(output),
            ("model.layer.weight", [1, 0, 3, 0, 0, -6]),
            ("optimizer.state.model.layer.weight.exp_avg", [0.1f, 0, 0.3f, 0, 0, -0.6f]),
            ("model.layer.bias", [float.PositiveInfinity, -0f]));
        using CheckpointReader reader = CheckpointReader.Open(folder.File(output));
        Assert.Equal(CheckpointFiles.State, reader.State);
        Assert.Equal(new Dictionary<string, string> { ["model"] = "{\"hidden\": 3}", ["optimizer.updates"] = "16" }, reader.Metadata.ToDictionary());
        Assert.Equal([2, 3], reader.Shape("model.layer.weight"));
    }

    [Fact]
    public async Task There_and_back_through_the_other_format_is_the_same_file()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");

        (await FinalizeAsync("sparse.mdl", "one.mdl")).EndsWith(0);
        (await FinalizeAsync("one.mdl", "two.safetensors")).EndsWith(0);
        (await FinalizeAsync("two.safetensors", "three.mdl")).EndsWith(0);

        Assert.Equal(File.ReadAllBytes(folder.File("one.mdl")), File.ReadAllBytes(folder.File("three.mdl")));
    }

    [Fact]
    public async Task A_finalized_checkpoint_of_a_sparse_run_trains_on_dense()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        string sparse = run.Output("checkpoint_8.mdl");
        string dense = Path.Combine(run.Location, "dense.mdl");

        (await ProgramProcess.RunAsync(run.Location, "finalize", "--input", sparse, "--output", dense)).EndsWith(0);

        Assert.Contains(CheckpointFiles.Read(sparse), tensor => tensor.Elements.Any(float.IsNaN));
        Assert.DoesNotContain(CheckpointFiles.Read(dense), tensor => tensor.Elements.Any(float.IsNaN));
        string parameters = Path.Combine(run.Location, "params.yaml");
        File.WriteAllLines(parameters, File.ReadAllLines(parameters).Where(line => !line.StartsWith("sparsity:", StringComparison.Ordinal)));
        (await run.RunAsync("train", "--checkpoint_path", sparse, "--max_steps", "9", "--model_dir", "refused")).EndsWith(1);
        ProgramResult trained = (await run.RunAsync("train", "--checkpoint_path", dense, "--max_steps", "9", "--model_dir", "dense")).EndsWith(0);
        Assert.Contains("(0% zeros)", trained.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_output_needs_force()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        folder.Write("final.mdl", "something dear");

        ProgramResult refused = (await FinalizeAsync("sparse.mdl", "final.mdl")).EndsWith(2);
        Assert.Equal("something dear", File.ReadAllText(folder.File("final.mdl")));
        (await FinalizeAsync("sparse.mdl", "final.mdl", "--force")).EndsWith(0);

        Assert.Equal($"final.mdl: exists already; --force overwrites it{Environment.NewLine}", refused.Errors);
        Assert.Equal(3, CheckpointFiles.Read(folder.File("final.mdl")).Count);
    }

    [Theory]
    [InlineData("sparse.mdl")]
    [InlineData("./elsewhere/../sparse.mdl")]
    [InlineData("link.mdl")]
    [InlineData("elsewhere/back/sparse.mdl")]
    public async Task The_input_is_never_overwritten_whatever_leads_to_it(string output)
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        Directory.CreateDirectory(folder.File("elsewhere"));
        File.CreateSymbolicLink(folder.File("link.mdl"), "sparse.mdl");
        Directory.CreateSymbolicLink(folder.File("elsewhere", "back"), "..");
        byte[] before = File.ReadAllBytes(folder.File("sparse.mdl"));

        ProgramResult result = (await FinalizeAsync("sparse.mdl", output, "--force")).EndsWith(2);

        Assert.Equal($"{output}: is the input itself; valid: another file{Environment.NewLine}", result.Errors);
        Assert.Equal(before, File.ReadAllBytes(folder.File("sparse.mdl")));
    }

    [Fact]
    public async Task A_damaged_input_is_named_and_an_existing_output_stays()
    {
        byte[] bytes = File.ReadAllBytes(CheckpointFiles.WriteSparse(folder, "sparse.mdl"));
        bytes[bytes.AsSpan().IndexOf(BitConverter.GetBytes(-6f))] ^= 1;
        File.WriteAllBytes(folder.File("sparse.mdl"), bytes);
        folder.Write("final.mdl", "something dear");

        ProgramResult result = (await FinalizeAsync("sparse.mdl", "final.mdl", "--force")).EndsWith(1);

        Assert.Equal($"sparse.mdl: is damaged: model.layer.weight does not have its checksum{Environment.NewLine}", result.Errors);
        Assert.Equal("something dear", File.ReadAllText(folder.File("final.mdl")));
        Assert.Equal(["final.mdl", "sparse.mdl"], Files());
    }

    [Theory]
    [InlineData("nowhere.mdl", "final.mdl", 1, "nowhere.mdl: no such checkpoint")]
    [InlineData("sparse.mdl", "sparse.mdl/final.mdl", 1, "sparse.mdl/final.mdl: cannot be written: ")]
    [InlineData("sparse.mdl", "folder.mdl", 2, "folder.mdl: is a folder; valid: a file")]
    public async Task What_cannot_be_read_or_written_is_one_line(string input, string output, int exitCode, string expected)
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        Directory.CreateDirectory(folder.File("folder.mdl"));

        ProgramResult result = (await FinalizeAsync(input, output)).EndsWith(exitCode);

        Assert.StartsWith(
            expected, Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.Equal(["sparse.mdl"], Files());
    }

    [Fact]
    public async Task A_signal_leaves_no_part_of_the_output()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        TensorWriter[] tensors = [.. Enumerable.Range(0, 32).Select(i => new TensorWriter($"w{i}", [1 << 20], values => values.Fill(i)))];
        MdlWriter.Write(folder.File("large.mdl"), tensors, CheckpointFiles.State);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using FileSystemWatcher watcher = new(folder.Location, "*final.mdl*");
        watcher.Created += (_, _) => begun.TrySetResult();
        watcher.EnableRaisingEvents = true;
        using ProgramProcess program = ProgramProcess.Start(folder.Location, "finalize", "-i", "large.mdl", "-o", "final.mdl");
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

        await program.SignalAsync("TERM");
        ProgramResult result = await program.EndAsync();

        // It may have been done before the signal came, but never half done.
        if (result.ExitCode == 0)
        {
            Assert.Equal(tensors.Length, CheckpointFiles.Read(folder.File("final.mdl")).Count);
        }
        else
        {
            result.EndsWith(143);
            Assert.Equal($"Stopped; nothing was written.{Environment.NewLine}", result.Errors);
            Assert.Equal(["large.mdl"], Files());
        }
    }

    private IEnumerable<string?> Files() => Directory.GetFiles(folder.Location).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private Task<ProgramResult> FinalizeAsync(string input, string output, params string[] options) =>
        ProgramProcess.RunAsync(folder.Location, ["finalize", "-i", input, "-o", output, .. options]);
}
