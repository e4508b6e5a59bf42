using System.Diagnostics;

namespace SparseEngine.Cli.Tests;

/// <summary>What the system refuses is one line, wherever the runtime lives long enough to say it.</summary>
public class LimitTests
{
    private const string TooFewHandles = "Too many open files: this process may have no more handles than it has; 'ulimit -n 1024' allows enough.";

    [Theory]
    [InlineData(25)]
    [InlineData(30)]
    [InlineData(40)]
    [InlineData(45)]
    public async Task Too_few_file_handles_are_one_line(int handles)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What the runtime needs for itself differs between systems.");

        ProgramResult result =
            (await ProgramProcess.RunInShellAsync(Path.GetTempPath(), $"ulimit -n {handles} && exec \"$@\"", "init", "-o", "-")).EndsWith(1);

        Assert.Equal(TooFewHandles + Environment.NewLine, result.Errors);
        Assert.Equal("", result.Output);
    }

    [Theory]
    [InlineData(55)]
    [InlineData(60)]
    [InlineData(70)]
    [InlineData(80)]
    public async Task A_run_that_gets_further_ends_in_one_line_too(int handles)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What the runtime needs for itself differs between systems.");
        using TinyRun run = new();

        ProgramResult result = await ProgramProcess.RunInShellAsync(
            run.Location, $"ulimit -n {handles} && exec \"$@\"", "run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "1");

        result.EndsWith(1);
        Assert.Contains(
            "Too many open files", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_threads_are_one_line()
    {
        using TinyRun run = new();
        Assert.SkipUnless(
            await CanBecomeNobodyAsync(run.Location), "The limit of threads does not hold for root, and this process cannot become somebody else.");

        ProgramResult result = await ProgramProcess.RunInShellAsync(
            run.Location,
            "chmod 777 . && exec setpriv --reuid=65534 --regid=65534 --clear-groups prlimit --nproc=24 env HOME=. \"$@\"",
            "run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "64", "--oversubscribe");

        result.EndsWith(1);
        Assert.Matches("^[0-9]+ of 64 threads could be started: the system, or a limit of this process, allows no more\n$", result.Errors);
    }

    [Theory]
    [InlineData("init")]
    [InlineData("devices")]
    [InlineData("run CPU -p params.yaml -m train")]
    [InlineData("inspect x.mdl")]
    [InlineData("flops -p params.yaml")]
    [InlineData("report -o out")]
    [InlineData("prepare -i x -o y --tokenizer byte --max_sequence_length 8")]
    [InlineData("finalize -i x.mdl -o y.mdl")]
    public async Task A_vanished_working_directory_is_one_line(string line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not let a directory vanish under a process.");
        using TemporaryFolder folder = new();

        ProgramResult result =
            await ProgramProcess.RunInShellAsync(folder.Location, "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", line.Split(' '));

        Assert.InRange(result.ExitCode, line == "devices" ? 0 : 1, 2);
        Assert.InRange(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Length, line == "devices" ? 0 : 1, 1);
        Assert.DoesNotContain("Unexpected error", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Unable to find the specified file", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unset HOME; exec \"$@\"")]
    [InlineData("HOME=/nonexistent exec \"$@\"")]
    [InlineData("TMPDIR=/nonexistent exec \"$@\"")]
    [InlineData("TMPDIR=/proc exec \"$@\"")]
    [InlineData("exec \"$@\" <&-")]
    [InlineData("TERM= exec \"$@\"")]
    [InlineData("exec env -i PATH=\"$PATH\" DOTNET_ROOT=\"$DOTNET_ROOT\" \"$@\"")]
    public async Task A_run_needs_neither_home_nor_temporary_folder_nor_standard_input(string shell)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A line of a POSIX shell.");
        using TinyRun run = new();

        ProgramResult result = (await ProgramProcess.RunInShellAsync(
            run.Location, shell, "run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "1")).EndsWith(0);

        Assert.Equal("", result.Errors);
        Assert.True(File.Exists(run.Output("checkpoint_8.mdl")));
    }

    private static async Task<bool> CanBecomeNobodyAsync(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        string program = Path.Combine(AppContext.BaseDirectory, "sparse-engine.dll");
        const string script = "chmod 777 \"$1\" && setpriv --reuid=65534 --regid=65534 --clear-groups "
            + "prlimit --nproc=24 test -r \"$0\" -a -w \"$1\" 2>/dev/null";
        using Process test = Process.Start("sh", ["-c", script, program, folder]);
        await test.WaitForExitAsync();
        return test.ExitCode == 0;
    }
}
