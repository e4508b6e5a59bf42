using System.Text;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Cli.Tests;

/// <summary>What people have under a checkpoint's name, and where it may not be.</summary>
public sealed class ForeignCheckpointTests : IDisposable
{
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\n"
        + "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 548105171\n";
    private const string PointerIs = "a Git LFS pointer, which stands for the file; fetch the file itself with: git lfs pull";
    private const string Page = "\n<!DOCTYPE html>\n<html lang=\"en\"><head><title>Sign in</title></head></html>";
    private const string PageIs = "an HTML page, a server's answer in place of the file; download it again";
    private const string Answer = """{"error":"Repository not found"}""";
    private const string AnswerIs = "a server's answer in place of the file, \"Repository not found\"; download it again";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("model.mdl", Pointer, PointerIs)]
    [InlineData("model.safetensors", Pointer, PointerIs)]
    [InlineData("model.mdl", Page, PageIs)]
    [InlineData("model.safetensors", Page, PageIs)]
    [InlineData("model.safetensors.index.json", Page, PageIs)]
    [InlineData("model.mdl", Answer, AnswerIs)]
    [InlineData("model.safetensors", Answer, AnswerIs)]
    [InlineData("model.safetensors.index.json", Answer, AnswerIs)]
    [InlineData("model.safetensors", "Entry not found", "a text, \"Entry not found\"")]
    [InlineData(
        "model.safetensors", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
        "an XML text, a server's answer in place of the file; download it again")]
    [InlineData("model.mdl", "", "an empty file")]
    [InlineData("model.safetensors", "GGUF\u0003\0\0\0\0\0\0\0", "a GGUF file of llama.cpp; valid: the .safetensors that it was made of")]
    [InlineData(
        "config.json", """{"model_type": "gpt2", "n_embd": 12}""", "a model's config; valid: the folder that it lies in, or the file of the weights")]
    public async Task What_is_saved_under_a_checkpoints_name_is_called_what_it_is(string name, string content, string expected)
    {
        folder.Write(name, content);

        ProgramResult inspected = (await RunAsync("inspect", name)).EndsWith(1);
        ProgramResult generated = (await RunAsync("generate", "--checkpoint_path", name, "--prompt", "a")).EndsWith(1);

        Assert.Equal($"{name}: is not a checkpoint but {expected}{Environment.NewLine}", inspected.Errors);
        Assert.Equal(inspected.Errors, generated.Errors);
    }

    [Fact]
    public async Task A_pickle_that_was_cut_is_called_damaged_and_zeros_are_called_what_they_are()
    {
        File.WriteAllBytes(folder.File("old.bin"), [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]);
        File.WriteAllBytes(folder.File("broken.safetensors"), new byte[5000]);

        byte[] tar = new byte[1024];
        "sys_info"u8.CopyTo(tar);
        "ustar"u8.CopyTo(tar.AsSpan(257));
        File.WriteAllBytes(folder.File("oldest.pt"), tar);

        ProgramResult pickle = (await RunAsync("inspect", "old.bin")).EndsWith(1);
        ProgramResult oldest = (await RunAsync("inspect", "oldest.pt")).EndsWith(1);
        ProgramResult zeros = (await RunAsync("inspect", "broken.safetensors")).EndsWith(1);

        Assert.StartsWith("old.bin: is damaged: its pickle does not end where it should", pickle.Errors, StringComparison.Ordinal);
        Assert.Equal(
            "oldest.pt: is not a checkpoint but a tar archive, as torch.save wrote before PyTorch 0.2; "
            + $"load it there, or in a later version, and save it anew{Environment.NewLine}",
            oldest.Errors);
        Assert.StartsWith("broken.safetensors: is not a checkpoint but zeros at its start, ", zeros.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Pointer, "is not a model's config but " + PointerIs)]
    [InlineData(Page, "is not a model's config but " + PageIs)]
    [InlineData(Answer, "is not a model's config but " + AnswerIs)]
    [InlineData("", "is not a model's config but an empty file")]
    public async Task What_is_saved_as_config_json_is_called_what_it_is(string content, string expected)
    {
        new PublishedGpt2().Save(folder.File("gpt2"), content);

        ProgramResult result = (await RunAsync("convert", "-i", "gpt2", "-o", "gpt2.mdl")).EndsWith(1);

        Assert.Equal($"{Path.Combine("gpt2", "config.json")}: {expected}{Environment.NewLine}", result.Errors);
    }

    [Fact]
    public async Task A_shard_that_is_something_else_is_named()
    {
        folder.Write("model.safetensors.index.json", """{"weight_map": {"a": "one.safetensors"}}""");
        folder.Write("one.safetensors", Pointer);
        ProgramResult pointer = (await RunAsync("inspect", ".")).EndsWith(1);
        File.Delete(folder.File("one.safetensors"));
        Directory.CreateDirectory(folder.File("one.safetensors"));
        ProgramResult directory = (await RunAsync("inspect", ".")).EndsWith(1);

        Assert.EndsWith($"one.safetensors: is not a checkpoint but {PointerIs}{Environment.NewLine}", pointer.Errors, StringComparison.Ordinal);
        Assert.Contains("one.safetensors: cannot be read: ", directory.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_byte_order_mark_in_an_index_and_a_config_is_no_matter()
    {
        PublishedGpt2 gpt2 = new();
        gpt2.Save(folder.File("gpt2"));
        File.Move(folder.File("gpt2", "model.safetensors"), folder.File("gpt2", "all.safetensors"));
        File.WriteAllText(folder.File("gpt2", "config.json"), PublishedGpt2.Config, Encoding.UTF8);
        string map = string.Join(", ", gpt2.Values.Keys.Select(name => $"\"{name}\": \"all.safetensors\""));
        File.WriteAllText(folder.File("gpt2", "model.safetensors.index.json"), $$"""{"weight_map": { {{map}} } }""", Encoding.UTF8);
        Assert.Equal(0xEF, File.ReadAllBytes(folder.File("gpt2", "config.json"))[0]);

        (await RunAsync("convert", "-i", "gpt2", "-o", "gpt2.mdl")).EndsWith(0);

        Assert.True(File.Exists(folder.File("gpt2.mdl")));
    }

    [Fact]
    public async Task A_folder_without_weights_says_what_it_holds_instead()
    {
        CheckpointFiles.WriteSparse(folder, "checkpoint_9.mdl");
        CheckpointFiles.WriteSparse(folder, "checkpoint_10.mdl");
        Directory.CreateDirectory(folder.File("hf"));
        folder.Write("hf/pytorch_model.bin", "PK");

        ProgramResult run = (await RunAsync("inspect", ".")).EndsWith(1);
        ProgramResult pickled = (await RunAsync("convert", "-i", "hf", "-o", "hf.mdl")).EndsWith(1);

        Assert.StartsWith(
            $".: is a folder without weights but the checkpoints of a run, the newest {Path.Combine(".", "checkpoint_10.mdl")}; valid: ", run.Errors,
            StringComparison.Ordinal);
        Assert.Equal(
            $"{Path.Combine("hf", "pytorch_model.bin")}: is not a checkpoint but a text, \"PK\"{Environment.NewLine}", pickled.Errors);
    }

    [Fact]
    public async Task A_name_that_would_command_the_terminal_is_shown_without_its_commands()
    {
        File.WriteAllBytes(
            folder.File("odd.safetensors"),
            StoredTensor.File([StoredTensor.Single("a\\u001b[31mred", [1], [1]), StoredTensor.Single("b\\nc", [1], [1])]));

        ProgramResult table = (await RunAsync("inspect", "odd.safetensors")).EndsWith(0);
        ProgramResult json = (await RunAsync("inspect", "odd.safetensors", "--json")).EndsWith(0);

        Assert.Contains("a [31mred", table.Output, StringComparison.Ordinal);
        Assert.Contains("b c", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table.Output);
        Assert.Contains("b\\nc", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_leads_nowhere_is_a_name_like_another()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");
        File.CreateSymbolicLink(folder.File("dead.mdl"), "nowhere.mdl");

        ProgramResult refused = (await RunAsync("finalize", "-i", "sparse.mdl", "-o", "dead.mdl")).EndsWith(2);
        (await RunAsync("finalize", "-i", "sparse.mdl", "-o", "dead.mdl", "--force")).EndsWith(0);

        Assert.Equal($"dead.mdl: exists already; --force overwrites it{Environment.NewLine}", refused.Errors);
        Assert.Equal(3, CheckpointFiles.Read(folder.File("dead.mdl")).Count);
    }

    [Fact]
    public async Task An_output_below_a_file_is_one_line()
    {
        CheckpointFiles.WriteSparse(folder, "sparse.mdl");

        ProgramResult result = (await RunAsync("finalize", "-i", "sparse.mdl", "-o", "sparse.mdl/final.mdl")).EndsWith(1);

        Assert.StartsWith(
            "sparse.mdl/final.mdl: cannot be written: ",
            Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private Task<ProgramResult> RunAsync(params string[] arguments) => ProgramProcess.RunAsync(folder.Location, arguments);
}
