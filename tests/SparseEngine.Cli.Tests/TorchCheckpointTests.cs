using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Tests.Shared;
using static SparseEngine.Tests.Shared.TorchBytes;

namespace SparseEngine.Cli.Tests;

/// <summary>Files of torch.save where checkpoints are read, and where they are written.</summary>
public sealed class TorchCheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_of_torch_save_is_inspected_evaluated_sparsified_and_finalized_like_the_checkpoint_it_was_made_of()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        using (CheckpointReader reader = CheckpointReader.Open(run.Output("checkpoint_8.mdl")))
        {
            TorchWriter.Write(
                run.Output("weights.pt"),
                [.. reader.Names.Select(name => new TensorWriter(name, reader.Shape(name), values => reader.Read(name, values)))]);
        }

        string torch = run.Output("weights.pt");
        (await run.RunAsync("eval", "--checkpoint_path", run.Output("checkpoint_8.mdl"))).EndsWith(0);
        (await run.RunAsync("eval", "--checkpoint_path", torch)).EndsWith(0);
        ProgramResult inspected = (await RunAsync("inspect", torch, "--json")).EndsWith(0);
        (await RunAsync("finalize", "-i", torch, "-o", "final.mdl")).EndsWith(0);
        (await RunAsync("finalize", "-i", run.Output("checkpoint_8.mdl"), "-o", "expected.mdl")).EndsWith(0);
        (await RunAsync("sparsify", "-i", torch, "-o", "sparse.mdl", "-p", Path.Combine(run.Location, "params.yaml"))).EndsWith(0);

        double[] losses =
        [
            .. run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _)).Select(line => line.GetProperty("eval_loss").GetDouble()),
        ];
        Assert.Equal(losses[^2], losses[^1]);
        JsonElement parameters = JsonDocument.Parse(inspected.Output).RootElement.GetProperty("parameters");
        Assert.True(parameters.GetProperty("nan").GetInt64() > 0);
        CheckpointFiles.AssertHolds(folder.File("final.mdl"), [.. CheckpointFiles.Read(folder.File("expected.mdl"))]);
        Assert.Contains(CheckpointFiles.Read(folder.File("sparse.mdl")), tensor => tensor.Elements.Any(float.IsNaN));
    }

    [Fact]
    public async Task A_checkpoint_of_nanogpt_becomes_one_of_this_program()
    {
        File.WriteAllBytes(folder.File("ckpt.pt"), NanoGpt.File(new PublishedGpt2()));

        ProgramResult converted = (await RunAsync("convert", "-i", "ckpt.pt", "-o", "nano.mdl")).EndsWith(0);
        ProgramResult again = (await RunAsync("convert", "-i", "ckpt.pt", "-o", "nano.mdl")).EndsWith(2);
        ProgramResult other = (await RunAsync("convert", "-i", "ckpt.pt", "-o", "hf", "--pytorch_bin")).EndsWith(2);

        Assert.Equal(
            "ckpt.pt: its optimizer's state is left out; a run that starts from nano.mdl starts at step 0 with a fresh one" + Environment.NewLine,
            converted.Errors);
        Assert.Contains("nano.yaml", converted.Output, StringComparison.Ordinal);
        Assert.Equal($"nano.mdl: exists already; --force overwrites it{Environment.NewLine}", again.Errors);
        Assert.Equal($"--pytorch_bin goes with a checkpoint of this program, which ckpt.pt is not{Environment.NewLine}", other.Errors);
        Assert.Equal(
            new PublishedGpt2().Values["wte.weight"],
            CheckpointFiles.Read(folder.File("nano.mdl")).First(tensor => tensor.Name == "model.embedding_layer.word_embeddings.weight").Elements);
    }

    [Fact]
    public async Task A_hugging_face_model_as_pytorch_model_bin_has_the_tensors_of_model_safetensors_and_comes_back()
    {
        new PublishedGpt2().Save(folder.File("gpt2"));
        (await RunAsync("convert", "-i", "gpt2", "-o", "ours.mdl")).EndsWith(0);
        (await RunAsync("convert", "-i", "ours.mdl", "-o", "plain")).EndsWith(0);

        (await RunAsync("convert", "-i", "ours.mdl", "-o", "bin", "--pytorch_bin")).EndsWith(0);
        (await RunAsync("convert", "-i", "bin", "-o", "back.mdl")).EndsWith(0);
        ProgramResult beside = (await RunAsync("convert", "-i", "ours.mdl", "-o", "plain", "--pytorch_bin", "--force")).EndsWith(2);

        Assert.Equal(["config.json", "pytorch_model.bin"], Directory.EnumerateFiles(folder.File("bin")).Select(Path.GetFileName).Order());
        CheckpointFiles.AssertHolds(
            folder.File("bin", "pytorch_model.bin"), [.. CheckpointFiles.Read(folder.File("plain", "model.safetensors"))]);
        CheckpointFiles.AssertHolds(folder.File("back.mdl"), [.. CheckpointFiles.Read(folder.File("ours.mdl"))]);
        Assert.Equal(
            $"{Path.Combine("plain", "model.safetensors")}: would be read in place of pytorch_model.bin beside it; "
            + $"valid: a folder without it{Environment.NewLine}",
            beside.Errors);
    }

    [Theory]
    [InlineData("inspect", "a.pt")]
    [InlineData("finalize", "-i", "a.pt", "-o", "b.mdl")]
    [InlineData("convert", "-i", "a.pt", "-o", "b.mdl")]
    [InlineData("generate", "--checkpoint_path", "a.pt", "--prompt", "a")]
    public async Task A_pickle_that_would_run_something_is_one_line_and_runs_nothing(params string[] arguments)
    {
        byte[] call = Call(Global("posix", "system"), Text("touch ran"));
        File.WriteAllBytes(folder.File("a.pt"), Zip(Pickle(Dictionary(("w", Tensor("0", 2)), ("x", call))), ("0", Floats(1, 2))));

        ProgramResult result = (await RunAsync(arguments)).EndsWith(1);

        Assert.Equal(
            "a.pt: names posix.system, which is none of the objects that are read, and was not run; "
            + $"valid: tensors, in dictionaries, lists and tuples, with numbers and texts{Environment.NewLine}",
            result.Errors);
        Assert.Equal(["a.pt"], Directory.EnumerateFileSystemEntries(folder.Location).Select(Path.GetFileName));
    }

    private Task<ProgramResult> RunAsync(params string[] arguments) => ProgramProcess.RunAsync(folder.Location, arguments);
}
