using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Runs;
using SparseEngine.Tests.Training;

namespace SparseEngine.Tests.Files;

public sealed class FolderHoldTests
{
    [Fact]
    public void Two_runs_of_one_process_do_not_train_in_one_folder()
    {
        using TestRun first = new();
        using (FolderHold hold = FolderHold.Take(first.Folder))
        {
            Assert.Equal(
                $"model_dir {first.Folder} is in use: process {Environment.ProcessId} on host {Environment.MachineName} runs there; "
                + "valid: another model_dir, or this one when that run has ended",
                Assert.Throws<ConfigurationException>(() => first.Execute(RunMode.Train)).Message);
        }

        Assert.Equal(8, first.Execute(RunMode.Train).LastStep);
    }

    [Theory]
    [InlineData("2147483646 HOST\n")]
    [InlineData("")]
    [InlineData("some text")]
    public void What_a_killed_run_says_of_itself_holds_nobody_back(string text)
    {
        using TemporaryDirectory folder = new();
        File.WriteAllText(folder.File(".run.owner"), text.Replace("HOST", Environment.MachineName, StringComparison.Ordinal));
        File.WriteAllText(folder.File(".run.lock"), "");

        FolderHold.Take(folder.Path).Dispose();
    }

    [Fact]
    public void A_folder_that_was_made_for_nothing_is_gone_with_those_above_it_that_were_too()
    {
        using TemporaryDirectory folder = new();
        string inner = Path.Combine(folder.Path, "a", "b");
        FolderHold.Take(inner).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));

        using (FolderHold.Take(inner))
        {
            File.WriteAllText(Path.Combine(inner, "metrics.jsonl"), "");
        }

        Assert.Equal([".run.lock", "metrics.jsonl"], Directory.GetFiles(inner).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }
}
