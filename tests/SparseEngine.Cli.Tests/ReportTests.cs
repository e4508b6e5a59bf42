using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>The page that report writes, in a real browser.</summary>
public class ReportTests
{
    private static readonly string[] Figures = ["loss-time", "loss-flops", "loss-steps", "speed", "flops", "sparsity", "time", "wafer", "speedup"];

    [Fact]
    public async Task A_browser_shows_every_figure_of_two_runs_on_light_and_dark_screens()
    {
        using TinyRun run = new();
        (await run.RunAsync("train_and_eval", "--profile")).EndsWith(0);
        (await run.RunAsync("train", "--model_dir", "other", "--max_steps", "6")).EndsWith(0);

        ProgramResult result = (await ReportAsync(run, "--model_dir", "out", "--compare", "other")).EndsWith(0);
        string page = await File.ReadAllTextAsync(run.Output("report.html"), TestContext.Current.CancellationToken);

        Assert.Equal("", result.Errors);
        Assert.StartsWith(Path.Combine("out", "report.html"), result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        foreach ((int width, bool dark) in new[] { (1366, false), (1366, true), (600, false) })
        {
            RenderedPage rendered = await Chromium.RenderAsync(page, width, dark);

            Assert.Equal(dark, rendered.Dark);
            Assert.Equal(0, rendered.Overflow);
            Assert.Equal(Figures, rendered.Figures.Select(figure => figure.Id));
            Assert.All(rendered.Figures, figure =>
            {
                Assert.True(figure.Drawn, figure.Caption);
                Assert.Equal(1280, figure.Pixels);
                Assert.InRange(figure.Width, 480, 640);
                Assert.True(figure.Colours > 20, $"{figure.Id} has {figure.Colours} colours");
                bool hasRuns = figure.Id is "loss-time" or "loss-flops" or "loss-steps" or "speed";
                Assert.Equal(hasRuns ? ["out", "other"] : [], figure.Legend);
                Assert.Matches(hasRuns ? "^(out|other)\n.+\n.*step 6[^(]*$" : "^$", figure.Hover);
            });
        }
    }

    [Fact]
    public async Task Masks_that_move_have_figures_of_their_levels_of_what_ever_lived_and_of_what_moved()
    {
        using TinyRun run = new(sparsity: TinyRun.MovingMasks);
        using TinyRun pruned = new(sparsity: "{algorithm: gmp, sparsity: [0.0, 0.5, 0.75], update: {freq: 3}, seed: 11}");
        (await run.RunAsync("train")).EndsWith(0);
        (await pruned.RunAsync("train", "--model_dir", Path.Combine(run.Location, "pruned"))).EndsWith(0);

        (await ReportAsync(run, "--model_dir", "out")).EndsWith(0);
        string alone = await File.ReadAllTextAsync(run.Output("report.html"), TestContext.Current.CancellationToken);
        (await ReportAsync(run, "--model_dir", "out", "--compare", "pruned", "--output", "both.html")).EndsWith(0);
        string both = await File.ReadAllTextAsync(Path.Combine(run.Location, "both.html"), TestContext.Current.CancellationToken);

        JsonElement last = JsonElement.Parse(run.MaskUpdates()[^1]).GetProperty("masks").GetProperty("total");
        double ever = 100 * last.GetProperty("ever_alive").GetDouble();
        Assert.Contains(FormattableString.Invariant($"<dt>ever alive</dt><dd>{ever:0.0}%<small>25.0% alive"), alone, StringComparison.Ordinal);
        Assert.Contains(
            FormattableString.Invariant(
                $"<td>out</td><td>all weights</td><td>16,384</td><td>4,096</td><td>{ever * 163.84:N0}</td><td>{ever:0.00}%</td>"),
            both, StringComparison.Ordinal);
        Assert.Contains(
            $"<td>out</td><td>8</td><td>4,096</td><td>{last.GetProperty("grown")}</td><td>{last.GetProperty("dropped")}</td>", both,
            StringComparison.Ordinal);

        // Dense until step 3, then half of it, then a quarter of the whole.
        Assert.Contains("<td>pruned</td><td>3</td><td>16,384</td><td>0</td><td>8,192</td><td>0.00%</td><td>50.00%</td><td>50.00%</td>", both,
            StringComparison.Ordinal);
        Assert.Contains("<td>all of pruned</td><td>0.00%</td><td>75.00%</td><td>0.00%</td><td>75.00%</td>", both, StringComparison.Ordinal);
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        (string Page, bool IsCompared, int Width, bool Dark)[] views =
            [(alone, false, 1366, true), (both, true, 1366, false), (both, true, 600, true)];
        foreach ((string page, bool isCompared, int width, bool dark) in views)
        {
            RenderedPage rendered = await Chromium.RenderAsync(page, width, dark);
            RenderedFigure[] figures = [.. rendered.Figures.Where(figure => figure.Id is "level" or "ever-alive" or "moved")];

            Assert.Equal(0, rendered.Overflow);
            Assert.Equal(["level", "ever-alive", "moved"], figures.Select(figure => figure.Id));
            Assert.All(figures, figure =>
            {
                Assert.True(figure.Colours > 20, $"{figure.Id} has {figure.Colours} colours");
                Assert.Equal(
                    isCompared ? ["out", "pruned"]
                    : figure.Id == "ever-alive" ? ["all weights", "query", "key", "value", "output", "ffn in", "ffn out"]
                    : [],
                    figure.Legend);
                Assert.Matches(@"^[a-z ]+\n[\d.]+% [^(]*step [68]\b[^(]*$", figure.Hover);
            });
        }
    }

    [Fact]
    public async Task The_page_has_the_numbers_of_the_run()
    {
        using TinyRun run = new();
        (await run.RunAsync("train_and_eval")).EndsWith(0);

        (await ReportAsync(run, "--model_dir", "out", "--num_csx", "2")).EndsWith(0);
        string page = await File.ReadAllTextAsync(run.Output("report.html"), TestContext.Current.CancellationToken);

        double loss = run.Metrics().Single(line => line.TryGetProperty("eval_loss", out _)).GetProperty("eval_loss").GetDouble();
        Assert.Contains($"<dt>validation loss</dt><dd>{loss:0.0000}<small>", page, StringComparison.Ordinal);
        Assert.Contains(
            "<td>model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight</td><td>64 x 32</td><td>512</td><td>75.00%</td>", page,
            StringComparison.Ordinal);
        Assert.Contains("75% of the decoder&#39;s linear layers", page, StringComparison.Ordinal);
        Assert.Contains("A model of 2 CS-2s in weight streaming", page, StringComparison.Ordinal);

        // This run was not profiled, and the page says how it would be.
        Assert.Matches("""<figure id="time">\s*<h2>Where the time goes</h2>\s*<p class="missing">.*run --profile""", page);
    }

    [Fact]
    public async Task A_run_without_a_checkpoint_still_has_its_losses()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        File.Delete(run.Output("checkpoint_8.mdl"));

        (await ReportAsync(run, "--model_dir", "out")).EndsWith(0);
        string page = await File.ReadAllTextAsync(run.Output("report.html"), TestContext.Current.CancellationToken);

        Assert.Equal(4, page.Split("<picture>").Length - 1);
        Assert.Contains("Needs a checkpoint in the model directory.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_of_different_settings_stand_side_by_side()
    {
        using TinyRun run = new();
        (await run.RunAsync("train_and_eval")).EndsWith(0);
        WriteLog(run, "slow", batch: 256, (10, 3, 100), (20, 2, 200));
        WriteLog(run, "fast", batch: 64, (10, 4, 10), (20, 1, 40), (30, 0.5, 60));
        WriteLog(run, "old", batch: 64, (10, 3, null), (20, 1.5, null));
        WriteLog(run, "worse", batch: 64, (10, 3, 5));
        WriteLog(run, "noisy", batch: 64, (100, 3, 10), (105, 1, 20));
        run.WriteFile("evaluated/metrics.jsonl", "{\"step\":20,\"eval_loss\":2.5}\n");

        string[] compared = ["fast", "old", "worse", "noisy", "evaluated", "out"];
        (await ReportAsync(run, ["--model_dir", "slow", "--compare", .. compared, "--output", "page.html"])).EndsWith(0);
        string page = await File.ReadAllTextAsync(Path.Combine(run.Location, "page.html"), TestContext.Current.CancellationToken);

        // fast falls from 4 to 1 in 30 seconds and passes 2 after two thirds of them; old from 3 to 1.5 in ten steps of half a second;
        // noisy has 2 for the mean of its two steps, which are less than a tenth apart.
        const string Heading = "seconds to slow&#39;s final loss, 2.0000";
        Assert.Equal(["200.0", "30.0", "~8.3", "–", "10.0", "", "–"], Column(page, Heading));
        Assert.Equal(["256", "64", "64", "64", "64", "", "128"], Column(page, "tokens a step"));
        Assert.Equal(["3m 20s", "1m 00s", "~10s", "5.0s", "20s", ""], Column(page, "training time").Take(6));
        Assert.Contains("Steps differ in size: slow 256, fast 64, old 64, worse 64, noisy 64, out 128 tokens.", page, StringComparison.Ordinal);
        Assert.Contains("The log of old has no time so far", page, StringComparison.Ordinal);
        Assert.Contains("Without training in its folder: evaluated.", page, StringComparison.Ordinal);
        Assert.Contains("validation, of which slow, fast, old, worse, noisy had none.", page, StringComparison.Ordinal);
        Assert.Contains(
            "<td>2.0, final of slow</td><td>3m 20s</td><td>30s</td><td>8.3s</td><td>–</td><td>10s</td><td>–</td>", page, StringComparison.Ordinal);
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        RenderedPage rendered = await Chromium.RenderAsync(page, 600, dark: true);

        Assert.Equal(0, rendered.Overflow);
        Assert.Equal(["slow", .. compared.Where(name => name != "evaluated")], rendered.Figures.Single(figure => figure.Id == "loss-time").Legend);
        Assert.Equal(["slow", .. compared], rendered.Figures.Single(figure => figure.Id == "loss-steps").Legend);
    }

    [Fact]
    public async Task What_cannot_be_reported_is_one_line_and_no_file_is_lost()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        byte[] parameters = await File.ReadAllBytesAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken);

        await Refused(1, "nowhere: has no metrics.jsonl; valid: the model_dir of a run", "--model_dir", "nowhere");
        await Refused(1, "nowhere: has no metrics.jsonl; valid: the model_dir of a run", "--model_dir", "out", "--compare", "nowhere");
        await Refused(2, "params.yaml: exists already; --force overwrites it", "--model_dir", "out", "--output", "params.yaml");
        await Refused(2, "out: is a folder; valid: a file", "--model_dir", "out", "--output", "out");

        Assert.Equal(parameters, await File.ReadAllBytesAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(run.Output("report.html")));

        async Task Refused(int exitCode, string line, params string[] arguments) =>
            Assert.Equal(line + Environment.NewLine, (await ReportAsync(run, arguments)).EndsWith(exitCode).Errors);
    }

    private static void WriteLog(TinyRun run, string directory, int batch, params (int Step, double Loss, double? Seconds)[] lines) => run.WriteFile(
        Path.Combine(directory, "metrics.jsonl"),
        string.Concat(lines.Select(line => JsonSerializer.Serialize(new Dictionary<string, double>
        {
            ["step"] = line.Step, ["loss"] = line.Loss, ["learning_rate"] = 0.1, ["grad_norm"] = 1, ["tokens"] = batch, ["step_ms"] = 500,
            ["tokens_per_second"] = 100, ["flops_dense"] = 1000, ["flops_executed"] = 500,
        })[..^1] + (line.Seconds is { } seconds ? $",\"seconds\":{seconds}}}\n" : "}\n"))));

    /// <summary>What the table of runs has under a heading, run by run.</summary>
    private static IEnumerable<string> Column(string page, string heading)
    {
        string[][] rows =
        [
            .. page.Split("<div class=\"runs\">")[1].Split("</table>")[0].Split("<tr>").Skip(1)
                .Select(row => row.Split(["</th>", "</td>"], StringSplitOptions.None).Select(cell => cell[(cell.LastIndexOf('>') + 1)..]).ToArray()),
        ];
        int column = Array.IndexOf(rows[0], heading);
        Assert.True(column >= 0, string.Join(" | ", rows[0]));
        return rows.Skip(1).Select(row => row[column]);
    }

    private static Task<ProgramResult> ReportAsync(TinyRun run, params string[] arguments) =>
        ProgramProcess.RunAsync(run.Location, ["report", .. arguments]);
}
