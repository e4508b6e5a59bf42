namespace SparseEngine.Cli.Tests;

/// <summary>Tables and help on terminals of any width: names stay whole, and nothing takes for ever.</summary>
public sealed class TerminalWidthTests : IDisposable
{
    private const string Name = "optimizer.state.model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight.exp_avg_sq";

    private static readonly string[] Lines =
    [
        "--help", "run --help", "init --help", "inspect out/checkpoint_8.mdl", "flops -p params.yaml",
        "flops -p dense.yaml --iso-flop sparse-wide --sparsity 0.75",
        "devices", "run CPU -p params.yaml -m train --validate_only", "run CSX -p params.yaml -m train --validate_only",
        "run CPU -p params.yaml -m eval -o out --threads 1 --profile",
    ];

    private readonly TinyRun run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public async Task Nothing_hangs_or_fails_at_any_width()
    {
        await TrainAsync();
        string dense = string.Join(
            '\n', File.ReadLines(Path.Combine(run.Location, "params.yaml")).Where(line => !line.StartsWith("sparsity:", StringComparison.Ordinal)));
        File.WriteAllText(Path.Combine(run.Location, "dense.yaml"), dense);

        // One terminal for all of a width, so that this takes half a minute.
        foreach (int width in (int[])[1, 2, 3, 5, 10, 20, 60, 200])
        {
            string[] failed = await FailuresAsync(width);

            Assert.True(failed.Length == 0, $"at {width} columns: {string.Join('\n', failed)}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public async Task Names_of_tensors_and_commands_stay_whole(int width)
    {
        await TrainAsync();

        string tensors = await ShownAsync(width, "inspect out/checkpoint_8.mdl");
        string plan = await ShownAsync(width, "run CPU -p params.yaml -m train --validate_only");
        string help = await ShownAsync(width, "--help");

        Assert.Contains(Name, tensors, StringComparison.Ordinal);
        Assert.Contains("model.transformer_decoder.layers.1.self_attn.proj_output_dense_layer.weight", plan, StringComparison.Ordinal);
        Assert.All(
            ["completion", "sparsify", "--logging <DEBUG|INFO|WARNING|ERROR|CRITICAL>"],
            word => Assert.Contains(word, help, StringComparison.Ordinal));

        // A line or two for each of the 108 tensors, and what is around them.
        Assert.InRange(tensors.Split('\n').Length, 108, (2 * 108) + 40);
    }

    [Theory]
    [InlineData(80, "shape dtype elements sparsity NaN infinite")]
    [InlineData(45, "shape elements sparsity NaN")]
    [InlineData(36, "elements sparsity NaN")]
    [InlineData(22, "sparsity NaN")]
    [InlineData(10, "sparsity")]
    public async Task Columns_give_way_in_their_order_and_a_line_names_those_that_did(int width, string expected)
    {
        await TrainAsync();

        string shown = await ShownAsync(width, "inspect out/checkpoint_8.mdl");

        string[] lines = [.. shown.Split('\n').Select(line => line.Trim())];
        string[] left = lines.FirstOrDefault(line => line.StartsWith("Left out", StringComparison.Ordinal)) is { } note
            ? note.TrimEnd('.').Split(": ")[1].Split(", ")
            : [];
        Assert.Equal(expected.Split(' '), lines[Array.IndexOf(lines, "tensor") + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("shape dtype elements sparsity NaN infinite".Split(' ').Except(expected.Split(' ')), left);
    }

    private async Task TrainAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "Only script(1) gives a terminal to a process.");
        (await run.RunAsync("train")).EndsWith(0);
    }

    private async Task<string> ShownAsync(int width, string line)
    {
        ProgramResult result = (await ProgramProcess.RunInShellAsync(
            run.Location, $"TERM=xterm script -qec \"stty cols {width} rows 24; dotnet '$2' {line}\" /dev/null </dev/null")).EndsWith(0);
        return result.Output.ReplaceLineEndings("\n");
    }

    /// <summary>The command lines that took more than half a minute or failed.</summary>
    private async Task<string[]> FailuresAsync(int width)
    {
        string script = string.Join('\n', Lines.Select(line => $"timeout 60 dotnet \"$1\" {line} >/dev/tty || echo '{line}' >>failed"));
        File.WriteAllText(Path.Combine(run.Location, "all.sh"), $"stty cols {width} rows 24\n{script}\n");
        File.WriteAllText(Path.Combine(run.Location, "failed"), "");
        await ProgramProcess.RunInShellAsync(run.Location, "TERM=xterm script -qec \"sh all.sh '$2'\" /dev/null </dev/null >/dev/null");
        return File.ReadAllLines(Path.Combine(run.Location, "failed"));
    }
}
