using System.IO.Compression;

namespace SparseEngine.Cli.Tests;

public sealed class PrepareTests : IDisposable
{
    private static readonly string Scene = Path.Combine(AppContext.BaseDirectory, "data", "coriolanus.txt");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_model_trains_on_prepared_characters_with_the_keys_shown_and_generates_them()
    {
        ProgramResult prepared =
            (await PrepareAsync("-i", Scene, "--tokenizer", "char", "--max_sequence_length", "32", "--validation_fraction", "0.1")).EndsWith(0);

        // The YAML as it is shown, with what does not depend on the data added to each section.
        string yaml = prepared.Output[prepared.Output.IndexOf("model:", StringComparison.Ordinal)..]
            .Replace(
                "model:", "model:\n  hidden_size: 32\n  num_hidden_layers: 2\n  num_heads: 2\n  filter_size: 64\n  mixed_precision: False",
                StringComparison.Ordinal)
            .Replace("_input:", "_input:\n  batch_size: 4\n  shuffle: False", StringComparison.Ordinal);
        folder.Write("params.yaml", yaml + """
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-2, correct_bias: True}
            runconfig: {max_steps: 8, eval_steps: 1, seed: 5}
            """);
        (await ProgramProcess.RunAsync(
            folder.Location, "run", "CPU", "-p", "params.yaml", "-m", "train_and_eval", "-o", "model", "--threads", "1")).EndsWith(0);
        ProgramResult generated = (await ProgramProcess.RunAsync(
            folder.Location, "generate", "--checkpoint_path", "model/checkpoint_8.mdl", "--prompt", "Speak, ", "--tokenizer", "out/vocab.json",
            "--max_tokens", "30")).EndsWith(0);

        Assert.StartsWith("Speak, ", generated.Output, StringComparison.Ordinal);
        string known = File.ReadAllText(Scene);
        Assert.All(generated.Output.TrimEnd(), character => Assert.Contains(character, known));
    }

    [Fact]
    public async Task A_tokenizer_that_a_model_has_too_few_tokens_for_is_one_line()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        ProgramResult result = (await ProgramProcess.RunAsync(
            run.Location, "generate", "--checkpoint_path", run.Output("checkpoint_8.mdl"), "--prompt", "a", "--tokenizer", "gpt2")).EndsWith(1);
        Assert.Equal(
            $"{run.Output("checkpoint_8.mdl")}: its vocabulary has 256 entries; the tokenizer gpt2 needs at least 50256{Environment.NewLine}",
            result.Errors);
    }

    [Fact]
    public async Task Bad_input_is_one_line_with_its_exit_code_and_no_output()
    {
        folder.Write("bad.jsonl", "{\"text\": \"a\"}\n{\"txt\": \"b\"}\n");
        ProgramResult bad = (await PrepareAsync("-i", "bad.jsonl", "--tokenizer", "byte", "--max_sequence_length", "8")).EndsWith(1);
        Assert.Equal($"bad.jsonl:2: has no key \"text\"; it has: txt. --jsonl_key names the text's{Environment.NewLine}", bad.Errors);
        ProgramResult absent = (await PrepareAsync("-i", "absent.txt", "--tokenizer", "byte", "--max_sequence_length", "8")).EndsWith(1);
        Assert.Equal($"absent.txt: does not exist{Environment.NewLine}", absent.Errors);
        ProgramResult tokenizer = (await PrepareAsync("-i", "bad.jsonl", "--tokenizer", "gtp2", "--max_sequence_length", "8")).EndsWith(2);
        Assert.StartsWith("tokenizer \"gtp2\" is no file; valid: byte, char, gpt2, or a file", tokenizer.Errors, StringComparison.Ordinal);
        AssertNoOutput();
    }

    [Fact]
    public async Task A_full_disk_is_one_line_and_leaves_nothing()
    {
        ProgramResult result = (await ProgramProcess.RunWithFileLimitAsync(
            folder.Location, 16 << 10, "prepare", "-i", Scene, "-o", "out", "--tokenizer", "byte", "--max_sequence_length", "4")).EndsWith(1);
        Assert.StartsWith(
            "out: cannot be written: ", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        AssertNoOutput();
    }

    [Fact]
    public async Task Too_little_memory_is_one_line_without_advice_that_is_for_a_run()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is limited with ulimit -v");

        // One line longer than the limit of the heap; compressed, it is a small file.
        byte[] letters = new byte[1 << 20];
        Array.Fill(letters, (byte)'x');
        using (GZipStream text = new(File.Create(folder.File("long.jsonl.gz")), CompressionLevel.Fastest))
        {
            for (int mebibytes = 0; mebibytes < 600; mebibytes++)
            {
                text.Write(letters);
            }
        }

        ProgramResult result = (await ProgramProcess.RunWithMemoryLimitAsync(
            folder.Location, mebibytes: 3000, "prepare", "-i", "long.jsonl.gz", "-o", "out", "--tokenizer", "byte", "--max_sequence_length", "8",
            "--threads", "1")).EndsWith(1);
        Assert.Equal(
            $"Out of memory: sparse-engine prepare needs more than there is, or than a limit leaves to it.{Environment.NewLine}", result.Errors);
        AssertNoOutput();
    }

    [Fact]
    public async Task Ctrl_C_ends_it_with_130_and_leaves_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        Assert.SkipWhen(ProgramProcess.InheritsIgnoredInterrupt(), "The tests were started with SIGINT ignored, and so is the program.");
        string line = $"{{\"text\": \"{new string('x', 2000)}\"}}\n";
        using (StreamWriter text = new(folder.File("big.jsonl")))
        {
            for (int i = 0; i < 20_000; i++)
            {
                text.Write(line);
            }
        }

        using ProgramProcess program = ProgramProcess.Start(
            folder.Location, "prepare", "-i", "big.jsonl", "-o", "out", "--tokenizer", "byte", "--max_sequence_length", "64", "--threads", "1");
        await program.WaitForLineAsync("%  tokenizing");
        await program.SignalAsync("INT");

        ProgramResult result = (await program.EndAsync()).EndsWith(130);
        Assert.Equal($"Stopped; nothing was written.{Environment.NewLine}", result.Errors);
        AssertNoOutput();
    }

    private Task<ProgramResult> PrepareAsync(params string[] options) =>
        ProgramProcess.RunAsync(folder.Location, ["prepare", "-o", "out", .. options]);

    private void AssertNoOutput() => Assert.DoesNotContain(
        Directory.EnumerateFileSystemEntries(folder.Location, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }),
        entry => Path.GetFileName(entry).Contains("out", StringComparison.Ordinal));
}
