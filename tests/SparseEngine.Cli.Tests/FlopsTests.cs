using System.Text.Json;

namespace SparseEngine.Cli.Tests;

public sealed class FlopsTests : IDisposable
{
    // Three layers of 4 x 8 x 8 + 2 x 8 x 32 = 768 weights and 104 biases and norms; tables of 100 and 5 x 8, 16 in the last norm. Sequences of 5.
    private const string Dense = """
        train_input: {data_processor: GptHDF5DataProcessor, data_dir: ./no/such/folder/, max_sequence_length: 5, batch_size: 4}
        model:
          vocab_size: 100
          hidden_size: 8   # narrow
          num_hidden_layers: 3
          num_heads: 2
          filter_size: 32
          max_position_embeddings: 5
        optimizer: {optimizer_type: AdamW, learning_rate: 1.0e-4}
        runconfig: {max_steps: 1000}

        """;

    private const string Sparse = Dense + "sparsity: {sparsity: 0.75, init_method: random, seed: 1}\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_table_has_alike_layers_once_then_sums_and_what_the_run_costs()
    {
        folder.Write("params.yaml", Sparse);

        ProgramResult result = (await FlopsAsync("-p", "params.yaml")).EndsWith(0);

        string[][] rows = Rows(result);
        Assert.Contains(["decoder layers 0-2, each"], rows);
        Assert.Contains(["self_attn.proj_q", "25%", "640", "160", "1.3 K", "320"], rows);
        Assert.Contains(["self_attn", "800", "800", "1.6 K", "1.6 K"], rows);
        Assert.Contains(["linear layers", "25%", "23.0 K", "5.8 K", "46.1 K", "11.5 K"], rows);
        Assert.Contains(["output head", "100%", "8.0 K", "8.0 K", "16.0 K", "16.0 K"], rows);
        Assert.Contains(["total", "44.33%", "33.4 K", "16.2 K", "66.9 K", "32.3 K"], rows);
        Assert.Contains(["forward, per sequence", "16.2 KFLOP of 33.4 KFLOP dense: 52% saved, 2.07 times fewer"], rows);
        Assert.Contains(["training, 1,000 steps, 20.0 K tokens", "194 MFLOP of 401 MFLOP dense: 52% saved, 2.07 times fewer"], rows);
        Assert.Contains(["parameters", "3,472"], rows);
        Assert.Contains(["non-zero", "1,744, 1.99 times fewer"], rows);
        Assert.Equal("", result.Errors);
        Assert.Equal(["params.yaml"], Directory.GetFileSystemEntries(folder.Location).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Layers_of_another_sparsity_have_rows_of_their_own()
    {
        folder.Write("params.yaml", Dense + "sparsity: {param_name_patterns: {'layers.1.*ffn': {sparsity: 0.5, init_method: topk}}}\n");

        string[][] rows = Rows((await FlopsAsync("-p", "params.yaml")).EndsWith(0));

        Assert.Equal(
            ["decoder layer 0", "decoder layer 1", "decoder layer 2"],
            rows.Select(row => row[0]).Where(name => name.StartsWith("decoder", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("full", 25)]
    [InlineData("causal", 15)]
    public async Task The_JSON_holds_exact_numbers_of_either_way_to_count_attention(string attention, int pairs)
    {
        folder.Write("params.yaml", Sparse);

        JsonElement found = await JsonAsync("-p", "params.yaml", "--json", "--attention", attention);

        double sparse = (2 * 5 * (576 + 800)) + (3 * 2 * 2 * 8 * pairs);
        double dense = (2 * 5 * (2304 + 800)) + (3 * 2 * 2 * 8 * pairs);
        JsonElement perSequence = found.GetProperty("per_sequence");
        Assert.Equal((dense, sparse), Pair(perSequence.GetProperty("forward")));
        Assert.Equal((2 * dense, 2 * sparse), Pair(perSequence.GetProperty("backward")));
        Assert.Equal((3 * dense, 3 * sparse), Pair(perSequence.GetProperty("training")));
        Assert.Equal(dense / sparse, perSequence.GetProperty("training").GetProperty("reduction").GetDouble());
        Assert.Equal(sparse / 5, found.GetProperty("per_token").GetProperty("forward").GetProperty("sparse").GetDouble(), 1e-9);
        Assert.Equal((3 * dense * 4000, 3 * sparse * 4000), Pair(found.GetProperty("run")));
        Assert.Equal((3472, 1744), Pair(found.GetProperty("parameters")));
        Assert.Equal((8.0 * 3472, 8.0 * 1744), Pair(found.GetProperty("optimizer_bytes")));
        Assert.Equal(
            ("params.yaml", attention, 20_000),
            (found.GetProperty("file").GetString(), found.GetProperty("attention").GetString(), found.GetProperty("tokens").GetInt32()));
        JsonElement[] layers = [.. found.GetProperty("layers").EnumerateArray()];
        Assert.Equal((3 * 6) + 1 + 3, layers.Length);
        Assert.Equal(sparse, layers.Sum(layer => layer.GetProperty("forward").GetProperty("sparse").GetDouble()));
        Assert.Equal(["linear", "head", "attention"], layers.Select(layer => layer.GetProperty("part").GetString()).Distinct());
    }

    [Fact]
    public async Task A_level_on_the_command_line_stands_in_for_the_files_section()
    {
        folder.Write("dense.yaml", Dense);
        folder.Write("sparse.yaml", Sparse);

        JsonElement sparse = await JsonAsync("-p", "sparse.yaml", "--json");
        JsonElement dense = await JsonAsync("-p", "dense.yaml", "--json", "--sparsity", "0.75");
        JsonElement none = await JsonAsync("-p", "sparse.yaml", "--json", "--sparsity", "0");

        Assert.True(JsonElement.DeepEquals(sparse.GetProperty("layers"), dense.GetProperty("layers")));
        Assert.Equal(1, none.GetProperty("per_sequence").GetProperty("training").GetProperty("reduction").GetDouble());
    }

    [Fact]
    public async Task Sparse_wide_writes_a_YAML_that_run_accepts_and_overwrites_nothing_unasked()
    {
        folder.Write("params.yaml", Dense);
        string[] line = ["-p", "params.yaml", "--iso-flop", "sparse-wide", "--sparsity", "0.75", "-o", "wide.yaml"];

        ProgramResult first = (await FlopsAsync(line)).EndsWith(0);
        ProgramResult second = (await FlopsAsync(line)).EndsWith(2);
        (await FlopsAsync([.. line, "--force"])).EndsWith(0);
        ProgramResult onto = (await FlopsAsync([.. line[..^1], "params.yaml", "--force"])).EndsWith(2);
        ProgramResult run =
            (await ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "wide.yaml", "-m", "train", "--validate_only")).EndsWith(0);

        string[][] rows = Rows(first);
        Assert.Contains(["hidden_size", "8", "16", "2.000"], rows);
        Assert.Contains(["filter_size", "32", "64", "2.000"], rows);
        Assert.Contains(["linear layers", "4.6 KFLOP", "4.6 KFLOP", "1.000"], rows);
        Assert.Equal($"wide.yaml: exists already; --force overwrites it{Environment.NewLine}", second.Errors);
        Assert.Equal($"params.yaml: is the input itself; valid: another file{Environment.NewLine}", onto.Errors);
        Assert.Equal(Dense, File.ReadAllText(folder.File("params.yaml")));
        Assert.Contains("hidden_size: 16   # narrow", File.ReadAllText(folder.File("wide.yaml")), StringComparison.Ordinal);
        Assert.Contains(
            Rows(run),
            row => row is [string name, "64 x 16", "0.75", ..] && name.EndsWith("layers.0.ffn.ffn.0.linear_layer.weight", StringComparison.Ordinal));
        Assert.Equal("", run.Errors);
    }

    [Fact]
    public async Task Sparse_wide_as_JSON_has_both_runs()
    {
        folder.Write("params.yaml", Dense);

        JsonElement found = await JsonAsync("-p", "params.yaml", "--iso-flop", "sparse-wide", "--sparsity", "0.5", "--json");

        JsonElement widened = found.GetProperty("widened");
        Assert.Equal("sparse-wide", found.GetProperty("iso_flop").GetString());
        Assert.Equal(8, found.GetProperty("given").GetProperty("hidden_size").GetInt32());
        Assert.Equal(12, widened.GetProperty("hidden_size").GetInt32());
        Assert.Equal(JsonValueKind.Null, widened.GetProperty("file").ValueKind);
        Assert.Equal(3 * 12 * 144 * 10 / 2, widened.GetProperty("layers").EnumerateArray()
            .Where(layer => layer.GetProperty("part").GetString() == "linear")
            .Sum(layer => layer.GetProperty("forward").GetProperty("sparse").GetDouble()));
    }

    [Theory]
    [InlineData(Sparse, "params.yaml:11:1: sparsity is given already; Sparse Wide starts from a dense run: leave it out")]
    [InlineData("model: {}\n", "params.yaml:1:1: model.vocab_size is missing; valid: an integer of at least 1")]
    public async Task What_cannot_be_widened_is_said_in_a_line_and_nothing_is_written(string yaml, string expected)
    {
        folder.Write("params.yaml", yaml);

        ProgramResult result =
            (await FlopsAsync("-p", "params.yaml", "--iso-flop", "sparse-wide", "--sparsity", "0.5", "-o", "wide.yaml")).EndsWith(2);

        Assert.Equal(expected, result.Errors.Split(Environment.NewLine)[0]);
        Assert.Equal("", result.Output);
        Assert.False(File.Exists(folder.File("wide.yaml")));
    }

    [Fact]
    public async Task A_pattern_that_matches_nothing_is_warned_of_on_standard_error()
    {
        folder.Write("params.yaml", Dense + "sparsity: {sparsity: 0.5, init_method: random, param_name_patterns: [fnn]}\n");

        ProgramResult result = (await FlopsAsync("-p", "params.yaml", "--json")).EndsWith(0);

        Assert.Contains("\"fnn\" matches no weight", result.Errors, StringComparison.Ordinal);
        Assert.Equal(1, JsonElement.Parse(result.Output).GetProperty("per_sequence").GetProperty("forward").GetProperty("reduction").GetDouble());
    }

    private Task<ProgramResult> FlopsAsync(params string[] arguments) => ProgramProcess.RunAsync(folder.Location, ["flops", .. arguments]);

    private async Task<JsonElement> JsonAsync(params string[] arguments) => JsonElement.Parse((await FlopsAsync(arguments)).EndsWith(0).Output);

    private static (double Dense, double Sparse) Pair(JsonElement counts) =>
        (counts.GetProperty("dense").GetDouble(), counts.GetProperty("sparse").GetDouble());

    private static string[][] Rows(ProgramResult result) =>
    [
        .. result.Output.Split(Environment.NewLine)
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length > 0),
    ];
}
