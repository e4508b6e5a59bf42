namespace SparseEngine.Cli.Tests;

/// <summary>The page that report writes, in a real browser.</summary>
public class ReportTests
{
    private static readonly string[] Figures = ["loss-steps", "loss-flops", "flops", "sparsity", "speed", "time", "wafer", "speedup"];

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
        Assert.Contains("<td>model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight</td><td>64 x 32</td><td>512</td><td>75.00%</td>", page, StringComparison.Ordinal);
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

        Assert.Equal(3, page.Split("<picture>").Length - 1);
        Assert.Contains("Needs a checkpoint in the model directory.", page, StringComparison.Ordinal);
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

    private static Task<ProgramResult> ReportAsync(TinyRun run, params string[] arguments) => ProgramProcess.RunAsync(run.Location, ["report", .. arguments]);
}
