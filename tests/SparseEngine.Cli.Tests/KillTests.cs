namespace SparseEngine.Cli.Tests;

public class KillTests
{
    private const int Kills = 20;
    private const string CheckpointWritten = "  checkpoint ";

    [Fact]
    public async Task A_run_that_is_killed_twenty_times_has_the_losses_of_an_unbroken_one_bit_for_bit()
    {
        const string Settings = "keep_checkpoint_max: 2";
        using TinyRun whole = new(checkpointSteps: 1000, logSteps: 1);
        using TinyRun killed = new(checkpointSteps: 3, logSteps: 1, Settings);
        Random random = new(20);
        for (int kill = 0; kill < Kills; kill++)
        {
            using ProgramProcess program = killed.Start("train", "--max_steps", "1000000");
            switch (kill % 4)
            {
                case 0 or 1: // In the steps after a checkpoint, or in the writing of the next.
                    await program.WaitForLineAsync(CheckpointWritten);
                    await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
                    break;
                case 2: // While a checkpoint is written.
                    while (Leftovers(killed) == 0 && !program.HasEnded)
                    {
                        await Task.Delay(1, TestContext.Current.CancellationToken);
                    }

                    break;
                default: // While the program starts, loads, or soon after.
                    await Task.Delay(random.Next(1000), TestContext.Current.CancellationToken);
                    break;
            }

            program.Kill();
            await program.EndAsync();
            Assert.InRange(Directory.GetFiles(killed.Output(""), "checkpoint_*.mdl").Length, 0, 3);
            Assert.InRange(Leftovers(killed), 0, 1);
        }

        int last = Directory.GetFiles(killed.Output(""), "checkpoint_*.mdl")
            .Max(path => int.Parse(Path.GetFileNameWithoutExtension(path)["checkpoint_".Length..])) + 4;
        (await killed.RunAsync("train", "--max_steps", $"{last}")).EndsWith(0);
        (await whole.RunAsync("train", "--max_steps", $"{last}")).EndsWith(0);

        Assert.Equal(Enumerable.Range(1, last), killed.Metrics().Select(line => line.GetProperty("step").GetInt32()));
        Assert.Equal(whole.Losses(), killed.Losses());
        Assert.Equal(0, Leftovers(killed));
        Assert.Equal(2, Directory.GetFiles(killed.Output(""), "checkpoint_*.mdl").Length);
    }

    /// <summary>How many temporary files there are.</summary>
    private static int Leftovers(TinyRun run) =>
        Directory.GetFiles(run.Output(""), "*.tmp", new EnumerationOptions { AttributesToSkip = FileAttributes.None }).Length;
}
