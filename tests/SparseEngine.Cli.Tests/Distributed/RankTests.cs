namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>Processes that a launcher of MPI starts: they find one another, say once what all say, and leave.</summary>
public sealed class RankTests
{
    public static TheoryData<string> Launchers => MpiLauncher.Names;

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task Ranks_add_up_in_their_order_and_gather_blocks(string launcher)
    {
        using TemporaryFolder folder = new();

        ProgramResult result = (await MpiLauncher.Find(launcher).RunChecksAsync(folder.Location, ranks: 3)).EndsWith(0);

        string[] lines = LinesOf(result.Output);
        Assert.Equal(
            ["rank 0 of 3: sums and blocks are right", "rank 1 of 3: sums and blocks are right", "rank 2 of 3: sums and blocks are right"],
            lines.Select(line => line.Split(',')[0]).Order(StringComparer.Ordinal));
        Assert.All(lines, line => Assert.EndsWith(", 0 bytes allocated a round", line, StringComparison.Ordinal));
        Assert.Empty(LinesOf(result.Errors));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_run_of_three_ranks_says_once_what_it_does_and_ends(string launcher)
    {
        using TinyRun run = new();
        run.WriteFile("shared.yaml", (await ParametersAsync(run)).Replace("batch_size: 4", "batch_size: 6", StringComparison.Ordinal));

        ProgramResult result = (await MpiLauncher.Find(launcher).RunAsync(run.Location, 3, Arguments("shared.yaml"))).EndsWith(0);

        string[] lines = LinesOf(result.Output);
        Assert.Single(lines, line => line.Contains(", 3 ranks on 1 host; ", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith("step 8/8", StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("training loss", StringComparison.Ordinal));
        Assert.Empty(LinesOf(result.Errors));
        Assert.DoesNotContain('\e', result.Output);
        Assert.True(File.Exists(run.Output("checkpoint_8.mdl")));
        Assert.Single(Directory.GetFiles(run.Output(""), "run_*.log"));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_warning_of_the_yaml_is_told_once(string launcher)
    {
        using TinyRun run = new(runConfig: "log_stepz: 1");

        ProgramResult result = (await MpiLauncher.Find(launcher).RunAsync(run.Location, 2, Arguments("params.yaml"))).EndsWith(0);

        Assert.Contains("log_stepz", Assert.Single(LinesOf(result.Errors)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task Wrong_usage_is_told_once(string launcher)
    {
        using TinyRun run = new();

        ProgramResult result =
            (await MpiLauncher.Find(launcher).RunAsync(run.Location, 3, [.. Arguments("params.yaml"), "--rank_timeout", "0"])).EndsWith(2);

        Assert.Single(
            LinesOf(result.Errors),
            line => line == "--rank_timeout is \"0\"; valid: a whole number of at least 1. See: sparse-engine run --help");
        Assert.Single(LinesOf(result.Errors), line => line.Contains("--rank_timeout", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_problem_of_the_configuration_is_told_once_as_by_one_process(string launcher)
    {
        using TinyRun run = new(sparsity: "{sparsity: 2, init_method: random}");

        ProgramResult result = (await MpiLauncher.Find(launcher).RunAsync(run.Location, 3, Arguments("params.yaml"))).EndsWith(2);

        string line = Assert.Single(LinesOf(result.Errors), line => line.Contains("params.yaml", StringComparison.Ordinal));
        Assert.StartsWith("params.yaml:", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Output("")));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task What_keeps_one_rank_from_beginning_is_told_with_its_number_and_host(string launcher)
    {
        using TinyRun run = new();
        string[] other = ["-n", "1", "dotnet", MpiLauncher.Program, .. Arguments("missing.yaml")];

        ProgramResult result =
            (await MpiLauncher.Find(launcher).RunAsync(run.Location, 1, [.. Arguments("params.yaml"), ":", .. other])).EndsWith(2);

        string line = Assert.Single(LinesOf(result.Errors), line => line.Contains(".yaml", StringComparison.Ordinal));
        Assert.Equal($"rank 1 on host {Environment.MachineName}: missing.yaml: there is no such file", line);
        Assert.False(Directory.Exists(run.Output("")));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task What_a_run_would_be_is_described_once(string launcher)
    {
        using TinyRun run = new();

        ProgramResult result =
            (await MpiLauncher.Find(launcher).RunAsync(run.Location, 2, [.. Arguments("params.yaml"), "--validate_only"])).EndsWith(0);

        Assert.Single(LinesOf(result.Output), line => line.Contains("parameters", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_launcher_of_one_process_changes_nothing()
    {
        using TinyRun run = new();
        using TinyRun alone = new();

        (await ProgramProcess.RunWithEnvironmentAsync(
            run.Location,
            [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "1"), ("SPARSE_ENGINE_MPI", "/nowhere/libmpi.so")],
            Arguments("params.yaml"))).EndsWith(0);
        (await alone.RunAsync("train")).EndsWith(0);

        Assert.Equal(alone.Losses(), run.Losses());
    }

    private static string[] Arguments(string parameters) =>
        ["run", "CPU", "--params", parameters, "--mode", "train", "--model_dir", "out", "--threads", "1"];

    private static Task<string> ParametersAsync(TinyRun run) =>
        File.ReadAllTextAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken);

    private static string[] LinesOf(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
