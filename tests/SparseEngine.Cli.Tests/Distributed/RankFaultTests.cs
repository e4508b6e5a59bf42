namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>What becomes of a run when one of its ranks is killed, stopped, or cannot go on; and that the same command goes on with it.</summary>
public sealed class RankFaultTests
{
    private const int Kills = 10;
    private const string CheckpointWritten = "  checkpoint ";

    private static readonly string Host = Environment.MachineName;

    public static TheoryData<string> Launchers => MpiLauncher.Names;

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_run_whose_ranks_are_killed_ten_times_has_the_losses_of_an_unbroken_one_bit_for_bit(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun whole = RankJob.Run(checkpointSteps: 1000);
        using TinyRun killed = RankJob.Run(checkpointSteps: 3);
        Random random = new(24);
        for (int kill = 0; kill < Kills; kill++)
        {
            int rank = random.Next(RankJob.Ranks);
            using RankJob job = await RankJob.StartAsync(launcher, killed);
            switch (kill % 3)
            {
                case 0: // While the ranks compare what they have, load, or take their first steps.
                    await Task.Delay(random.Next(600), TestContext.Current.CancellationToken);
                    break;
                case 1: // In the steps after a checkpoint, or in the writing of the next.
                    await job.WaitForLineAsync(CheckpointWritten);
                    await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
                    break;
                default: // While a checkpoint is written.
                    while (Leftovers(killed) == 0 && !job.HasEnded)
                    {
                        await Task.Delay(1, TestContext.Current.CancellationToken);
                    }

                    break;
            }

            job.Kill(rank);
            ProgramResult result = await job.EndAsync();

            Assert.NotEqual(0, result.ExitCode);

            Assert.Equal([$"rank {rank} on host {Host}: its process is gone (killed, or its host failed)"], RankJob.Told(result));
            Assert.InRange(Leftovers(killed), 0, 1);
        }

        await AssertGoesOnAsync(launcher, killed, whole);
        Assert.Equal(0, Leftovers(killed));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_rank_that_is_killed_while_it_starts_ends_all(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun run = RankJob.Run(checkpointSteps: 3);
        using RankJob job = await RankJob.StartOnlyAsync(launcher, run, []);

        job.Kill(1);
        ProgramResult result = await job.EndAsync();

        Assert.NotEqual(0, result.ExitCode);
        Assert.InRange(RankJob.Told(result).Length, 0, 1);
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_rank_that_does_not_come_ends_all(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun run = RankJob.Run(checkpointSteps: 3);
        using RankJob job = await RankJob.StartOnlyAsync(launcher, run, [], "--rank_timeout", "3");

        job.Stop(1);
        ProgramResult result = await job.EndAsync();

        Assert.NotEqual(0, result.ExitCode);
        string cause = Assert.Single(result.Errors.Split('\n'), line => line.Contains("--rank_timeout", StringComparison.Ordinal));
        Assert.Matches("started 3 processes, but not all of them have come within 10 s|^rank 1 on host .*: nothing was heard of it for 3 s", cause);
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_rank_that_is_stopped_for_longer_than_the_timeout_ends_all(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun whole = RankJob.Run(checkpointSteps: 1000);
        using TinyRun stopped = RankJob.Run(checkpointSteps: 3);
        using RankJob job = await RankJob.StartAsync(launcher, stopped, "--rank_timeout", "2");
        await job.WaitForLineAsync(CheckpointWritten);

        job.Stop(1);
        ProgramResult result = await job.EndAsync();

        // MPICH's launcher kills who has not ended with the first, and ends with the codes of both.
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal(
            [$"rank 1 on host {Host}: nothing was heard of it for 2 s: its process is stopped, or its host or network is down (--rank_timeout)"],
            RankJob.Told(result));
        await AssertGoesOnAsync(launcher, stopped, whole);
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_rank_whose_data_cannot_be_read_ends_all_in_one_line(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun run = RankJob.Run(checkpointSteps: 3);
        string parameters = await File.ReadAllTextAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken);
        string text = Path.Combine(AppContext.BaseDirectory, "data", "coriolanus.txt");
        parameters = parameters.Replace($"'{text}'", "text.txt", StringComparison.Ordinal);
        run.WriteFile("params.yaml", parameters);
        File.Copy(text, Path.Combine(run.Location, "text.txt"));
        run.WriteFile(Path.Combine("elsewhere", "params.yaml"), parameters);

        ProgramResult result = await launcher.RunApartAsync(
            run.Location, Path.Combine(run.Location, "elsewhere"), RankJob.Ranks, RankJob.Arguments("--max_steps", "8"));

        Assert.NotEqual(0, result.ExitCode);
        string line = Assert.Single(RankJob.Told(result));
        Assert.StartsWith($"rank 2 on host {Host}: ", line, StringComparison.Ordinal);
        Assert.Contains("text.txt", line, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n'), told => told.Contains("text.txt", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Launchers))]
    public async Task A_full_disk_of_rank_0_ends_all_in_one_line_and_what_is_on_it_goes_on(string name)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        using TinyRun whole = RankJob.Run(checkpointSteps: 1000);
        using TinyRun run = RankJob.Run(checkpointSteps: 4);
        using SmallDisk disk = SmallDisk.Mount(run.Output(""), "size=900k");

        ProgramResult result = await launcher.RunAsync(run.Location, RankJob.Ranks, RankJob.Arguments("--max_steps", "100"));

        Assert.NotEqual(0, result.ExitCode);
        string line = Assert.Single(RankJob.Told(result));
        Assert.Matches($"^rank 0 on host {Host}: out/checkpoint_\\d+\\.mdl: cannot be written: No space left on device", line);
        disk.Remount("size=4m");
        await AssertGoesOnAsync(launcher, run, whole);
    }

    [Theory]
    [InlineData("mpirun.openmpi", "INT", 1)]
    [InlineData("mpirun.openmpi", "TERM", 1)]
    [InlineData("mpirun.mpich", "INT", 130)]
    [InlineData("mpirun.mpich", "TERM", 143)]
    public async Task A_signal_to_the_launcher_ends_all_with_a_checkpoint(string name, string signal, int exitCode)
    {
        MpiLauncher launcher = MpiLauncher.Find(name);
        Assert.SkipWhen(signal == "INT" && ProgramProcess.InheritsIgnoredInterrupt(), "SIGINT is ignored here.");

        // Open MPI's launcher takes no output while it waits, and a rank that fills the terminal would wait for it.
        using TinyRun whole = RankJob.Run(checkpointSteps: 100_000, logSteps: 50);
        using TinyRun stopped = RankJob.Run(checkpointSteps: 100_000, logSteps: 50);

        // Open MPI waits for so many seconds before it hands the signal on, and again before it kills.
        using RankJob job = await RankJob.StartAsync(launcher, stopped, [("OMPI_MCA_odls_base_sigkill_timeout", "4")]);
        await job.WaitForLineAsync("step 50/");

        await job.SignalAsync(signal);
        ProgramResult result = await job.EndAsync();

        // Open MPI's launcher turns both into SIGTERM for the ranks, and ends with 1 whatever they end with.
        Assert.True(result.ExitCode == exitCode, $"{result.ExitCode}: {result.Output}\n{result.Errors}");
        Assert.Empty(RankJob.Told(result));
        Assert.Single(Directory.GetFiles(stopped.Output(""), "checkpoint_*.mdl"));
        await AssertGoesOnAsync(launcher, stopped, whole);
    }

    /// <summary>The same command goes on, as a run does that was never disturbed.</summary>
    private static async Task AssertGoesOnAsync(MpiLauncher launcher, TinyRun run, TinyRun whole)
    {
        int last = 4 + Directory.GetFiles(run.Output(""), "checkpoint_*.mdl")
            .Max(path => int.Parse(Path.GetFileNameWithoutExtension(path)["checkpoint_".Length..]));
        string[] arguments = RankJob.Arguments("--max_steps", $"{last}");
        (await launcher.RunAsync(run.Location, RankJob.Ranks, arguments)).EndsWith(0);
        (await launcher.RunAsync(whole.Location, RankJob.Ranks, arguments)).EndsWith(0);
        Assert.Equal(whole.Losses(), run.Losses());
    }

    /// <summary>How many temporary files there are.</summary>
    private static int Leftovers(TinyRun run) => Directory.Exists(run.Output(""))
        ? Directory.GetFiles(run.Output(""), "*.tmp", new EnumerationOptions { AttributesToSkip = FileAttributes.None }).Length
        : 0;
}
