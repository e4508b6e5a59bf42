using System.Text.Json;
using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests;

/// <summary>What a run whose masks move costs and shows.</summary>
public sealed partial class MovingMasksTests : IDisposable
{
    // Three layers of 12 x 64 + 6 x 256 = 2,304 weights in all; a tied head of 800; a step of four sequences of 5 tokens.
    private const string Run = """
        train_input: {data_processor: GptHDF5DataProcessor, data_dir: ./no/such/folder/, max_sequence_length: 5, batch_size: 4}
        model: {vocab_size: 100, hidden_size: 8, num_hidden_layers: 3, num_heads: 2, filter_size: 32, max_position_embeddings: 5}
        optimizer: {optimizer_type: AdamW, learning_rate: 1.0e-4}

        """;

    // 1 - 2^-t: 0 before the update after step 2, then 0.75, and 0.9375 after step 4.
    private const string Gmp = Run
        + "sparsity: {algorithm: gmp, sparsity: {type: exp, init: 0, gamma: -0.6931471805599453}, update: {steps: [2, 4]}, seed: 1}\n";

    private const string RigL = Run + "sparsity: {algorithm: rigl, sparsity: 0.75, update: {freq: 4}, seed: 1}\n";
    private const string TenSteps = "runconfig: {max_steps: 10}\n";

    // Of one sequence forward, all query-key pairs counted: what is left besides weights.
    private const double Attention = 3 * 4 * 8 * 25;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_level_that_changes_is_counted_at_its_end_and_on_average_over_the_run()
    {
        folder.Write("params.yaml", Gmp + TenSteps);

        JsonElement found = await FlopsAsync();

        // Two steps dense, two with a quarter and six with a sixteenth of the weights.
        const double density = ((2 * 1) + (2 * 0.25) + (6 * 0.0625)) / 10;
        double average = 3 * ((10 * ((density * 2304) + 800)) + Attention);
        double end = 3 * ((10 * (144 + 800)) + Attention);
        double dense = 3 * ((10 * (2304 + 800)) + Attention);
        JsonElement run = found.GetProperty("run");
        Assert.Equal("end", found.GetProperty("level").GetString());
        Assert.Equal((dense, end), Pair(found.GetProperty("per_sequence").GetProperty("training")));
        Assert.Equal(40 * dense, run.GetProperty("dense").GetDouble());
        Assert.Equal(40 * average, run.GetProperty("sparse").GetDouble(), 1e-6);
        Assert.Equal(average, run.GetProperty("average_per_sequence").GetProperty("sparse").GetDouble(), 1e-6);
        Assert.Equal(0, run.GetProperty("dense_gradients").GetDouble());
        Assert.All(
            found.GetProperty("layers").EnumerateArray().Where(layer => layer.GetProperty("part").GetString() == "linear"),
            layer => Assert.Equal(layer.GetProperty("elements").GetInt64() / 16, layer.GetProperty("non_zeros").GetInt64()));
    }

    [Fact]
    public async Task Dense_gradients_of_updates_are_counted_and_named()
    {
        folder.Write("params.yaml", RigL + TenSteps);

        JsonElement run = (await FlopsAsync()).GetProperty("run");
        ProgramResult table = (await ProgramProcess.RunAsync(folder.Location, "flops", "-p", "params.yaml")).EndsWith(0);

        // After steps 4 and 8, of 20 tokens each, the gradients of the 1,728 weights that are dead.
        const double gradients = 2 * 2 * 20 * 1728;
        double without = 3 * ((10 * (576 + 800)) + Attention);
        Assert.Equal(gradients, run.GetProperty("dense_gradients").GetDouble());
        Assert.Equal((40 * without) + gradients, run.GetProperty("sparse").GetDouble());
        Assert.Equal(without + (gradients / 40), run.GetProperty("average_per_sequence").GetProperty("sparse").GetDouble(), 1e-9);
        Assert.Matches(@"dense gradients of updates +138 KFLOP, 6\.7% of what is executed", table.Output);
        Assert.Matches(@"training, per sequence, on average +51\.9 KFLOP of 100 KFLOP dense", table.Output);
    }

    [Fact]
    public async Task A_run_of_unknown_length_is_counted_at_its_start_and_one_of_a_million_updates_at_once()
    {
        folder.Write("params.yaml", Gmp + "runconfig: {num_epochs: 2}\n");
        JsonElement unknown = await FlopsAsync();
        folder.Write(
            "params.yaml",
            Run + "sparsity: {algorithm: gmp, sparsity: {type: linear, init: 0, slope: 0.000001}, seed: 1}\nrunconfig: {max_steps: 1000000}\n");
        JsonElement million = await FlopsAsync();

        Assert.Equal("start", unknown.GetProperty("level").GetString());
        Assert.Equal(JsonValueKind.Null, unknown.GetProperty("run").ValueKind);
        Assert.Equal(1, unknown.GetProperty("per_sequence").GetProperty("training").GetProperty("reduction").GetDouble());

        // From all weights to none, evenly: half of them on average.
        double average = 3 * ((10 * ((0.5 * 2304) + 800)) + Attention);
        Assert.Equal(average, million.GetProperty("run").GetProperty("average_per_sequence").GetProperty("sparse").GetDouble(), 0.001 * average);
    }

    [Theory]
    [InlineData("CPU")]
    [InlineData("CSX")]
    public async Task Validating_says_what_a_step_costs_on_average_and_at_the_end(string target)
    {
        folder.Write("params.yaml", Gmp + TenSteps);

        ProgramResult result =
            (await ProgramProcess.RunAsync(folder.Location, "run", target, "-p", "params.yaml", "-m", "train", "--validate_only")).EndsWith(0);

        // Causal pairs here: 3 x 2 x 2 x 8 x 15 of a sequence. 12 x (23,040 x 0.2875 + 8,000 + 1,440), and 12 x (1,440 + 8,000 + 1,440).
        Assert.Matches(@"FLOPs of a step, on average +193 KFLOP of 390 KFLOP dense: 51% saved", result.Output);
        Assert.Matches(@"FLOPs of a step, at the end +131 KFLOP of 390 KFLOP dense: 67% saved", result.Output);
        Assert.Matches(@"proj_q_dense_layer\.weight +8 x 8 +0\.9375 +random, gmp +5 +4 +64", result.Output);
        Assert.Equal(target == "CSX", result.Output.Contains("linear layers only, at the end", StringComparison.Ordinal));
        Assert.Equal(target == "CSX", Average().IsMatch(result.Output));
    }

    [Fact]
    public async Task A_run_says_when_its_masks_change_as_often_as_it_logs_steps()
    {
        using TinyRun often = new(logSteps: 4, sparsity: TinyRun.MovingMasks);
        using TinyRun quiet = new(logSteps: 4, sparsity: TinyRun.MovingMasks);

        ProgramResult result = (await often.RunAsync("train")).EndsWith(0);
        ProgramResult nothing = (await quiet.RunAsync("train", "--logging", "WARNING")).EndsWith(0);

        JsonElement first = JsonElement.Parse(often.MaskUpdates()[0]).GetProperty("masks").GetProperty("total");
        double alive = first.GetProperty("elements").GetInt64() * (1 - first.GetProperty("sparsity").GetDouble());
        string[] lines = [.. result.Output.Split(Environment.NewLine).Where(line => line.Contains("  masks: ", StringComparison.Ordinal))];
        Assert.Equal(4, often.MaskUpdates().Count);
        Assert.Equal(2, lines.Length);
        Assert.Equal(
            FormattableString.Invariant(
                $"step 2  masks: {100 * first.GetProperty("grown").GetInt64() / alive:0.0}% of the weights moved, 75.0% zeros, ")
            + FormattableString.Invariant($"{100 * first.GetProperty("ever_alive").GetDouble():0.0}% ever alive"),
            lines[0]);
        Assert.StartsWith("step 6  masks: ", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines[1], File.ReadAllText(Directory.GetFiles(often.Output(""), "run_*.log").Single()), StringComparison.Ordinal);
        Assert.DoesNotContain("masks:", nothing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_last_change_stands_under_the_newest_step()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "Only script(1) gives a terminal to a process.");
        using TinyRun run = new(logSteps: 100, sparsity: TinyRun.MovingMasks);
        const string line = "run CPU -p params.yaml -m train -o out --threads 1 --max_steps 600";

        ProgramResult result = (await ProgramProcess.RunInShellAsync(
            run.Location, $"TERM=xterm script -qec \"stty cols 120 rows 24; dotnet '$2' {line}\" /dev/null </dev/null")).EndsWith(0);

        Assert.Matches(@"step \d+ changed masks: [\d.]+% of the weights moved, 75\.0% zeros, [\d.]+% ever alive", result.Output);
        Assert.DoesNotMatch(@"step \d+  masks:", result.Output);
        Assert.Matches(@"step 102  masks:", File.ReadAllText(Directory.GetFiles(run.Output(""), "run_*.log").Single()));
    }

    private static (double Dense, double Sparse) Pair(JsonElement count) =>
        (count.GetProperty("dense").GetDouble(), count.GetProperty("sparse").GetDouble());

    private async Task<JsonElement> FlopsAsync() =>
        JsonElement.Parse((await ProgramProcess.RunAsync(folder.Location, "flops", "-p", "params.yaml", "--json")).EndsWith(0).Output);

    [GeneratedRegex(@"on average over the run +\d+ µs, [\d,]+ tokens/s")]
    private static partial Regex Average();
}
