using System.Globalization;
using System.Text.RegularExpressions;
using SparseEngine.Accounting;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;
using Spectre.Console;

namespace SparseEngine.Cli.Tests;

/// <summary>What a CSX run predicts.</summary>
public partial class WaferTests
{
    [Fact]
    public async Task A_csx_run_prints_the_predicted_step_beside_the_measured_one()
    {
        using TinyRun run = new();

        ProgramResult result = (await RunAsync(run, "weight_streaming", "--num_csx", "2", "--max_steps", "2")).EndsWith(0);

        Assert.Contains("predicted step on 2 CS-2s", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"measured here +[\d,]+ tokens/s", result.Output);
        Assert.True(File.Exists(run.Output("checkpoint_2.mdl")));
    }

    [Theory]
    [InlineData("--compile_only")]
    [InlineData("--validate_only")]
    public async Task The_plan_is_printed_without_training(string option)
    {
        using TinyRun run = new();

        ProgramResult one = (await RunAsync(run, "weight_streaming", option)).EndsWith(0);
        ProgramResult four = (await RunAsync(run, "weight_streaming", option, "--num_csx", "4")).EndsWith(0);

        Assert.Matches(@"layers\.\*\.ffn\.ffn\.0\.linear_layer\.weight +2 ", one.Output);
        Assert.Contains("predicted step on one CS-2", one.Output, StringComparison.Ordinal);
        Assert.Contains("predicted step on 4 CS-2s", four.Output, StringComparison.Ordinal);
        Assert.InRange(Utilisation(one), 0, 100);
        Assert.False(Directory.Exists(run.Output("")));
    }

    [Fact]
    public void Each_kinds_utilisation_is_of_the_wafers_that_work_on_it()
    {
        ModelParameters gpt2 = new()
        {
            VocabularySize = 50257, HiddenSize = 768, Layers = 12, Heads = 12, FilterSize = 3072, MaxPositionEmbeddings = 1024,
        };

        foreach (int systems in new[] { 1, 4 })
        {
            // The same tokens for each of them.
            WaferPrediction prediction = WaferPrediction.Of(gpt2, SparsityPlan.Dense, 65_536 * systems, systems);
            StringWriter text = new();
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) });
            console.Profile.Width = 240;
            console.Write(WaferTable.Of(prediction));

            double[] kinds =
                [.. PercentPattern().Matches(text.ToString()).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
            Assert.Equal(7, kinds.Length);
            Assert.InRange(100 * prediction.Step.Utilisation, kinds.Min() - 0.1, kinds.Max() + 0.1);
        }
    }

    [Fact]
    public async Task Pipelined_execution_is_refused_with_the_reason()
    {
        using TinyRun run = new();

        ProgramResult result = (await RunAsync(run, "pipelined")).EndsWith(2);

        Assert.Equal(
            "params.yaml: weight sparsity needs weight streaming, and the run is pipelined; "
            + "valid: run CSX weight_streaming --params FILE --mode MODE",
            result.Errors.Trim());
    }

    private static Task<ProgramResult> RunAsync(TinyRun run, string strategy, params string[] options) =>
        ProgramProcess.RunAsync(
            run.Location, ["run", "CSX", strategy, "--params", "params.yaml", "--mode", "train", "--model_dir", "out", .. options]);

    private static double Utilisation(ProgramResult result) =>
        double.Parse(UtilisationPattern().Match(result.Output).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"([\d.]+)%")]
    private static partial Regex PercentPattern();

    [GeneratedRegex(@"predicted utilisation +([\d.]+)%")]
    private static partial Regex UtilisationPattern();
}
