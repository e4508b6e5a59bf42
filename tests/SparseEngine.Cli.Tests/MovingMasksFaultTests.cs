namespace SparseEngine.Cli.Tests;

/// <summary>Runs whose masks move by gradients after every other step, ended in all ways there are: they go on bit for bit.</summary>
public class MovingMasksFaultTests
{
    private const int Kills = 12;
    private const string CheckpointWritten = "  checkpoint ";

    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public async Task A_run_that_is_killed_again_and_again_is_the_unbroken_one_bit_for_bit(int checkpointSteps)
    {
        // Every checkpoint after an update, or every other one.
        using TinyRun killed = new(checkpointSteps, logSteps: 1, "keep_checkpoint_max: 2", TinyRun.MovingMasks);
        Random random = new(17 + checkpointSteps);
        for (int kill = 0; kill < Kills; kill++)
        {
            using ProgramProcess program = killed.Start("train", "--max_steps", "1000000");
            switch (kill % 3)
            {
                case 0: // In the steps and updates after a checkpoint.
                    await program.WaitForLineAsync(CheckpointWritten);
                    await Task.Delay(random.Next(60), TestContext.Current.CancellationToken);
                    break;
                case 1: // Right after an update's line, which may be before its step's.
                    await program.WaitForLineAsync("  masks: ");
                    await Task.Delay(random.Next(10), TestContext.Current.CancellationToken);
                    break;
                default: // While the program starts, loads, or soon after.
                    await Task.Delay(random.Next(1500), TestContext.Current.CancellationToken);
                    break;
            }

            program.Kill();
            await program.EndAsync();
        }

        await AssertGoesOnAsUnbroken(killed, Steps(killed).Max() + 3);
    }

    [Fact]
    public async Task A_signal_at_an_update_ends_the_run_with_a_checkpoint_from_which_it_goes_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        using TinyRun run = new(logSteps: 1, sparsity: "{algorithm: rigl, sparsity: 0.75, update: {freq: 1}, seed: 11}");
        using ProgramProcess program = run.Start("train", "--max_steps", "1000000");
        await program.WaitForLineAsync("step 3  masks: ");

        await program.SignalAsync("TERM");
        ProgramResult result = (await program.EndAsync()).EndsWith(143);

        int step = Assert.Single(Steps(run));
        Assert.Contains($"Stopped at step {step} of 1000000", result.Output, StringComparison.Ordinal);
        Assert.Equal(step, run.MaskUpdates().Count);
        await AssertGoesOnAsUnbroken(run, step + 2, "{algorithm: rigl, sparsity: 0.75, update: {freq: 1}, seed: 11}");
    }

    [Fact]
    public async Task A_full_disk_at_the_checkpoint_of_an_update_is_one_line_and_the_run_goes_on_from_the_one_before()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such limit.");
        using TinyRun run = new(checkpointSteps: 4, logSteps: 1, sparsity: TinyRun.MovingMasks);
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);

        ProgramResult result = (await run.RunWithFileLimitAsync(300_000, "train", "--max_steps", "12")).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"{Path.Combine("out", "checkpoint_8.mdl")}: cannot be written: ", line, StringComparison.Ordinal);
        Assert.Equal([4], Steps(run));
        await AssertGoesOnAsUnbroken(run, 10);
    }

    /// <summary>Lets a run go on to a step, and compares all that it left with what a run left that nothing stopped.</summary>
    private static async Task AssertGoesOnAsUnbroken(TinyRun broken, int last, string sparsity = TinyRun.MovingMasks)
    {
        using TinyRun whole = new(logSteps: 1, sparsity: sparsity);
        (await whole.RunAsync("train", "--max_steps", $"{last}")).EndsWith(0);

        (await broken.RunAsync("train", "--max_steps", $"{last}")).EndsWith(0);

        Assert.Equal(whole.Losses(), broken.Losses());
        Assert.Equal(whole.MaskUpdates(), broken.MaskUpdates());
        string name = $"checkpoint_{last}.mdl";
        Assert.All(
            CheckpointFiles.Read(whole.Output(name)).Zip(CheckpointFiles.Read(broken.Output(name))),
            pair =>
            {
                Assert.Equal(pair.First.Name, pair.Second.Name);
                Assert.Equal(
                    pair.First.Elements.Select(BitConverter.SingleToUInt32Bits), pair.Second.Elements.Select(BitConverter.SingleToUInt32Bits));
            });
    }

    private static IEnumerable<int> Steps(TinyRun run) => Directory.GetFiles(run.Output(""), "checkpoint_*.mdl")
        .Select(path => int.Parse(Path.GetFileNameWithoutExtension(path)["checkpoint_".Length..]));
}
