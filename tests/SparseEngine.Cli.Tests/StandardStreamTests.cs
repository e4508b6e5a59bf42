namespace SparseEngine.Cli.Tests;

/// <summary>Output that ends early costs nothing but the text.</summary>
public sealed class StandardStreamTests : IDisposable
{
    private static readonly string[] Train = ["run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "1"];

    private readonly TinyRun run = new();

    public static TheoryData<string> Commands =>
    [
        "--help", "--version", "run --help", "init -o -", "devices", "devices --json", "flops -p params.yaml", "flops -p params.yaml --json",
        "run CPU -p params.yaml -m train --validate_only", "inspect sparse.mdl", "inspect sparse.mdl --json", "completion bash",
    ];

    public void Dispose() => run.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_full_or_closed_standard_output_is_one_line_and_exit_code_1(string line)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has /dev/full.");
        WriteCheckpoint();

        ProgramResult full = (await RunAsync("exec \"$@\" >/dev/full", line)).EndsWith(1);
        ProgramResult closed = (await RunAsync("exec \"$@\" >&-", line)).EndsWith(1);

        Assert.Equal($"Standard output cannot be written to: No space left on device{Environment.NewLine}", full.Errors);
        Assert.Equal($"Standard output cannot be written to: it is closed{Environment.NewLine}", closed.Errors);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_reader_that_has_enough_is_no_error(string line)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A line of a POSIX shell.");
        WriteCheckpoint();

        ProgramResult result = (await RunAsync("{ \"$@\"; echo \"ended with $?\" >&2; } | head -1", line)).EndsWith(0);
        ProgramResult nothing = (await RunAsync("{ sleep 0.1; \"$@\"; echo \"ended with $?\" >&2; } | true", line)).EndsWith(0);

        Assert.Equal("ended with 0\n", result.Errors);
        Assert.Equal("ended with 0\n", nothing.Errors);
    }

    [Theory]
    [InlineData("inspect absent.mdl", 1)]
    [InlineData("inspect", 2)]
    [InlineData("trian", 2)]
    [InlineData("run CPU -p absent.yaml -m train", 2)]
    public async Task An_error_that_cannot_be_told_keeps_its_exit_code(string line, int exitCode)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has /dev/full.");

        (await RunAsync("exec \"$@\" 2>&-", line)).EndsWith(exitCode);
        (await RunAsync("exec \"$@\" 2>/dev/full", line)).EndsWith(exitCode);
        (await RunAsync("exec \"$@\" >&- 2>&-", line)).EndsWith(exitCode);
    }

    [Theory]
    [InlineData("\"$@\" >/dev/full", 1)]
    [InlineData("\"$@\" >&-", 1)]
    [InlineData("\"$@\" 2>&-", 0)]
    [InlineData("\"$@\" >&- 2>&- <&-", 1)]
    [InlineData("\"$@\" | head -1", 0)]
    public async Task A_run_goes_on_without_standard_output_and_error(string shell, int exitCode)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has /dev/full.");
        using TinyRun whole = new();
        (await whole.RunAsync("train")).EndsWith(0);

        (await ProgramProcess.RunInShellAsync(run.Location, shell, Train)).EndsWith(exitCode);

        Assert.Equal(whole.Losses(), run.Losses());
        Assert.Equal(File.ReadAllBytes(whole.Output("checkpoint_8.mdl")).Length, File.ReadAllBytes(run.Output("checkpoint_8.mdl")).Length);
        Assert.Equal(0.75, await SparsityAsync());
    }

    [Fact]
    public async Task A_generation_ends_when_nobody_reads_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A line of a POSIX shell.");
        (await run.RunAsync("train")).EndsWith(0);

        // So many tokens take longer than a test waits.
        ProgramResult result = (await ProgramProcess.RunInShellAsync(
            run.Location, "{ \"$@\"; echo \"ended with $?\" >&2; } | head -c 20",
            "generate", "--checkpoint_path", run.Output("checkpoint_8.mdl"), "--prompt", "The people", "--max_tokens", "2000000000", "--threads",
            "1")).EndsWith(0);

        Assert.Equal("ended with 0\n", result.Errors);
        Assert.StartsWith("The people", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_that_goes_away_leaves_a_checkpoint_however_often_it_is_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGHUP.");
        using ProgramProcess program = run.Start("train", "--max_steps", "1000000");
        await program.WaitForLineAsync("step 4/");

        await program.SignalAsync("HUP");
        await program.SignalAsync("HUP");
        (await program.EndAsync()).EndsWith(129);

        string checkpoint = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(run.Output(""), "checkpoint_*.mdl")));
        int next = int.Parse(checkpoint["checkpoint_".Length..]) + 1;
        (await run.RunAsync("train", "--max_steps", $"{next}")).EndsWith(0);
        Assert.True(File.Exists(run.Output($"checkpoint_{next}.mdl")));
    }

    [Fact]
    public async Task Under_nohup_a_run_goes_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGHUP.");
        using ProgramProcess program = ProgramProcess.StartInShell(run.Location, "trap '' HUP; exec \"$@\"", [.. Train, "--max_steps", "60"]);
        await program.WaitForLineAsync("step 4/");

        await program.SignalAsync("HUP");

        (await program.EndAsync()).EndsWith(0);
        Assert.True(File.Exists(run.Output("checkpoint_60.mdl")));
    }

    [Fact]
    public async Task A_vanished_terminal_leaves_a_checkpoint()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "Only script(1) gives a terminal to a process.");

        // The terminal is gone with script; the run under it gets what the kernel sends then, and nothing that it writes arrives.
        await ProgramProcess.RunInShellAsync(
            run.Location,
            "script -qc \"dotnet '$2' run CPU -p params.yaml -m train -o out --threads 1 --max_steps 1000000; "
            + "touch ended\" /dev/null </dev/null >seen & terminal=$!; "
            + "until grep -q 'step 4' seen; do sleep 0.1; done; kill -9 $terminal; for i in $(seq 600); "
            + "do ls out/checkpoint_*.mdl >found 2>/dev/null && break; sleep 0.1; done");

        Assert.Single(Directory.GetFiles(run.Output(""), "checkpoint_*.mdl"));
    }

    private async Task<double> SparsityAsync()
    {
        ProgramResult result = (await ProgramProcess.RunAsync(run.Location, "inspect", "--json", run.Output("checkpoint_8.mdl"))).EndsWith(0);
        return System.Text.Json.JsonElement.Parse(result.Output).GetProperty("tensors").EnumerateArray()
            .Single(tensor => tensor.GetProperty("name").GetString() == "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight")
            .GetProperty("sparsity")
            .GetDouble();
    }

    private void WriteCheckpoint()
    {
        using TemporaryFolder folder = new();
        File.Copy(CheckpointFiles.WriteSparse(folder, "sparse.mdl"), Path.Combine(run.Location, "sparse.mdl"));
    }

    private Task<ProgramResult> RunAsync(string shell, string line) => ProgramProcess.RunInShellAsync(run.Location, shell, line.Split(' '));
}
