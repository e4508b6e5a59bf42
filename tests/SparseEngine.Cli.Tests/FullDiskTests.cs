namespace SparseEngine.Cli.Tests;

public class FullDiskTests
{
    [Fact]
    public async Task A_file_size_limit_ends_a_run_in_one_line_and_what_is_on_disk_stays_and_goes_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such limit.");
        using TinyRun whole = new(checkpointSteps: 4);
        using TinyRun limited = new(checkpointSteps: 4);
        (await whole.RunAsync("train")).EndsWith(0);
        (await limited.RunAsync("train", "--max_steps", "4")).EndsWith(0);

        ProgramResult result = (await limited.RunWithFileLimitAsync(300_000, "train")).EndsWith(1);

        Assert.Equal(
            $"{Path.Combine("out", "checkpoint_8.mdl")}: cannot be written: it is too large for the file system, "
            + $"or for this process's limit{Environment.NewLine}",
            result.Errors);
        AssertOnlyCheckpoints(limited.Output(""), "checkpoint_4.mdl");
        (await limited.RunAsync("train")).EndsWith(0);
        Assert.Equal(whole.Losses(), limited.Losses());
    }

    [Fact]
    public async Task A_full_disk_ends_a_run_in_one_line_and_what_is_on_it_stays_and_goes_on()
    {
        using TinyRun whole = new(checkpointSteps: 4);
        using TinyRun run = new(checkpointSteps: 4);
        (await whole.RunAsync("train", "--max_steps", "12")).EndsWith(0);
        using SmallDisk disk = SmallDisk.Mount(run.Output(""), "size=900k");

        ProgramResult result = (await run.RunAsync("train", "--max_steps", "100")).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"{Path.Combine("out", "checkpoint_12.mdl")}: cannot be written: No space left on device", line, StringComparison.Ordinal);
        AssertOnlyCheckpoints(run.Output(""), "checkpoint_4.mdl", "checkpoint_8.mdl");
        disk.Remount("size=2m");
        (await run.RunAsync("train", "--max_steps", "12")).EndsWith(0);
        Assert.Equal(whole.Losses(), run.Losses());
    }

    [Fact]
    public async Task A_read_only_folder_is_one_line_and_its_checkpoint_stays()
    {
        using TinyRun run = new();
        using SmallDisk disk = SmallDisk.Mount(run.Output(""), "size=2m");
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        byte[] checkpoint = File.ReadAllBytes(run.Output("checkpoint_4.mdl"));
        disk.Remount("ro");

        ProgramResult result = (await run.RunAsync("train")).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("model_dir out cannot be written to: ", line, StringComparison.Ordinal);
        Assert.Equal(checkpoint, File.ReadAllBytes(run.Output("checkpoint_4.mdl")));
    }

    [Theory]
    [InlineData("train", "train")]
    [InlineData("eval", "eval")]
    public async Task An_event_file_that_cannot_be_made_is_one_line_and_what_is_on_disk_stays(string folder, string mode)
    {
        using TinyRun run = new();
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        string metrics = File.ReadAllText(run.Output("metrics.jsonl"));
        Directory.Move(run.Output("train"), run.Output("before"));
        File.WriteAllText(run.Output(folder), "This is no folder.");

        ProgramResult result = (await run.RunAsync(mode)).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith(Path.Combine("out", folder, "events.out.tfevents."), line, StringComparison.Ordinal);
        Assert.Contains(": cannot be written: ", line, StringComparison.Ordinal);
        AssertOnlyCheckpoints(run.Output(""), "checkpoint_4.mdl");
        Assert.StartsWith(metrics, File.ReadAllText(run.Output("metrics.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_file_that_a_limit_cuts_short_is_one_line_and_the_run_goes_on_after_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such limit.");
        using TinyRun whole = new();
        using TinyRun run = new();
        (await whole.RunAsync("train")).EndsWith(0);

        ProgramResult result = (await run.RunWithFileLimitAsync(1024, "train")).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith(Path.Combine("out", "train", "events.out.tfevents."), line, StringComparison.Ordinal);
        (await run.RunAsync("train")).EndsWith(0);
        Assert.Equal(whole.Losses(), run.Losses());
    }

    private static void AssertOnlyCheckpoints(string folder, params string[] names) => Assert.Equal(
        names,
        Directory.GetFiles(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None })
            .Select(path => Path.GetFileName(path))
            .Where(name => name.Contains("checkpoint", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
}
