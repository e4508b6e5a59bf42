using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests;

/// <summary>What the program says and writes is the same under every locale, for whoever turns the runtime's cultures on.</summary>
public sealed partial class LocaleTests : IDisposable
{
    private static readonly (string, string)[] Invariant = [("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"), ("LC_ALL", "C.UTF-8")];

    private static readonly string[] Locales = ["de_DE", "th_TH", "ar_SA", "tr_TR"];

    private readonly TinyRun run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public async Task Every_command_says_the_same()
    {
        await SkipWithoutCulturesAsync();
        string[] lines =
        [
            "init -o - --sparsity 0.9", "init small -o - --sparsity 0.99", "flops -p params.yaml", "flops -p params.yaml --json",
            "--help", "run --help", "run CSX -p params.yaml -m train --validate_only", "run CPU -p params.yaml -m train --max_steps -1",
            "inspect sparse.mdl", "inspect sparse.mdl --json", "INIT", "init TINY -o -", "devices",
            "finalize -i sparse.mdl -o final.mdl --force", "generate --checkpoint_path absent --prompt x --temperature 0,5",
        ];
        using TemporaryFolder folder = new();
        File.Copy(CheckpointFiles.WriteSparse(folder, "sparse.mdl"), Path.Combine(run.Location, "sparse.mdl"));
        foreach (string line in lines)
        {
            ProgramResult expected = await ProgramProcess.RunWithEnvironmentAsync(run.Location, Invariant, line.Split(' '));
            foreach (string locale in Locales)
            {
                ProgramResult found = await ProgramProcess.RunWithEnvironmentAsync(run.Location, Of(locale), line.Split(' '));

                Assert.Equal(
                    (locale, line, expected.ExitCode, Timeless(expected.Output), expected.Errors),
                    (locale, line, found.ExitCode, Timeless(found.Output), found.Errors));
            }
        }
    }

    [Fact]
    public async Task A_run_says_and_writes_the_same()
    {
        await SkipWithoutCulturesAsync();
        using TinyRun whole = new();
        string[] train = ["run", "CPU", "-p", "params.yaml", "-m", "train_and_eval", "-o", "out", "--threads", "1"];

        ProgramResult expected = (await ProgramProcess.RunWithEnvironmentAsync(whole.Location, Invariant, train)).EndsWith(0);
        foreach (string locale in Locales)
        {
            using TinyRun there = new();
            ProgramResult found = (await ProgramProcess.RunWithEnvironmentAsync(there.Location, Of(locale), train)).EndsWith(0);
            ProgramResult report = (await ProgramProcess.RunWithEnvironmentAsync(there.Location, Of(locale), "report", "-o", "out")).EndsWith(0);

            Assert.Equal(Timeless(expected.Output), Timeless(found.Output));
            Assert.Equal(Timeless(File.ReadAllText(whole.Output("metrics.jsonl"))), Timeless(File.ReadAllText(there.Output("metrics.jsonl"))));
            Assert.Equal(Timeless(File.ReadAllText(Log(whole))), Timeless(File.ReadAllText(Log(there))));
            Assert.Matches($"^run_{DateTime.Now.Year}[0-9]{{4}}_[0-9]{{6}}\\.log$", Path.GetFileName(Log(there)));
            Assert.Equal("", report.Errors);
            Assert.DoesNotMatch("[٠-٩๐-๙]|>[0-9]+,[0-9]{4}<", File.ReadAllText(there.Output("report.html")));
        }
    }

    private static string Log(TinyRun run) => Assert.Single(Directory.GetFiles(run.Output(""), "run_*.log"));

    /// <summary>A text without what differs between runs: speeds, times and durations keep only the form of their numbers.</summary>
    private static string Timeless(string text) =>
        string.Join('\n', text.Split('\n').Select(line => TimeDependent().Replace(line, found => Digits().Replace(found.Value, "0").Trim())));

    private static (string, string)[] Of(string locale) =>
        [("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "0"), ("LANG", $"{locale}.UTF-8"), ("LC_ALL", $"{locale}.UTF-8")];

    /// <summary>Without ICU the runtime does not start with cultures.</summary>
    private async Task SkipWithoutCulturesAsync() => Assert.SkipUnless(
        (await ProgramProcess.RunWithEnvironmentAsync(run.Location, Of("de_DE"), "--version")).ExitCode == 0, "This machine has no ICU.");

    [GeneratedRegex(
        """[0-9.,]+ tokens/s|[0-9.,]+ .?FLOP/s|time left .*|time +[0-9].*|"(step_ms|seconds|tokens_per_second)":[0-9.eE+-]+|"""
        + "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}|Time=[0-9:]+|sparse-engine.*")]
    private static partial Regex TimeDependent();

    [GeneratedRegex("[0-9]+([.,][0-9]+)*(m [0-9]+)?|[A-Z](?=FLOP)")]
    private static partial Regex Digits();
}
