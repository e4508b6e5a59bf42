using SparseEngine.Configuration;
using SparseEngine.Report;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Cli.Tests;

/// <summary>The page about a sweep, of logs whose figures are known.</summary>
public sealed class SweepReportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_page_has_the_front_the_best_of_each_value_and_the_spread_over_seeds()
    {
        string directory = Sweep(2, "sparsity.sparsity=0,0.5", "optimizer.learning_rate=1e-3,2e-3");

        string page = SweepReport.Page(directory);

        // Run r of eight ends at 2 + r / 10 after 10 + r seconds; the first seed has the runs 0 to 3, the second 4 to 7.
        Assert.Contains("<dt>runs done</dt><dd>8 of 8<small>none failed", page, StringComparison.Ordinal);
        Assert.Contains("<dt>lowest validation loss</dt><dd>2.0000<small>sparsity=0,learning_rate=1e-3,seed=1", page, StringComparison.Ordinal);
        Assert.Contains("<dt>best mean over seeds</dt><dd>2.2000 &#177; 0.2828<small>sparsity=0,learning_rate=1e-3<", page, StringComparison.Ordinal);

        // Halfway each run is one nat above its end: the first of them, then the first end.
        string[] front = [.. Rows(page, "Pareto front: loss", "loss-time").Skip(1)];
        Assert.Equal(["3.0000|5.0s|5|sparsity=0,learning_rate=1e-3,seed=1", "2.0000|10s|10|sparsity=0,learning_rate=1e-3,seed=1"], front);
        Assert.Equal(
            [
                "sparsity.sparsity|runs done|best|best run|mean|worst|best mean over seeds|deviation over seeds",
                "0|4|2.0000|sparsity=0,learning_rate=1e-3,seed=1|2.2500|2.5000|2.2000|0.2828",
                "0.5|4|2.2000|sparsity=0.5,learning_rate=1e-3,seed=1|2.4500|2.7000|2.4000|0.2828",
            ],
            Rows(page, "sparsity.sparsity", "key-1"));
        Assert.Equal(
            "2e-3|4|2.1000|sparsity=0,learning_rate=2e-3,seed=1|2.4000|2.7000|2.3000|0.2828",
            Rows(page, "optimizer.learning_rate", "key-2").Last());
        Assert.Equal("sparsity=0,learning_rate=1e-3|2|2.2000|0.2828|2.0000|2.4000", Rows(page, "combination", "seeds").ElementAt(1));
        Assert.DoesNotContain("http", page.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData(3, 99)]
    public async Task A_browser_shows_all_figures_of_few_and_of_many_runs(int? seeds, int count)
    {
        string rates = string.Join(',', Enumerable.Range(1, 11).Select(rate => $"{rate}e-3"));
        string directory = count == 2
            ? Sweep(seeds, "sparsity.sparsity=0,0.75")
            : Sweep(seeds, "sparsity.sparsity=0,0.75,0.9", $"optimizer.learning_rate={rates}");
        string page = SweepReport.Page(directory);
        string[] figures = count == 2 ? ["loss-time", "loss-flops", "key-1"] : ["loss-time", "loss-flops", "key-1", "key-2", "seeds"];
        string[] legend = count == 2 ? ["sparsity=0", "sparsity=0.75"] : ["sparsity 0", "sparsity 0.75", "sparsity 0.9"];

        Assert.Equal(count + 1, page.Split("<div class=\"runs\">")[1].Split("</table>")[0].Split("<tr>").Length - 1);
        Assert.InRange(page.Length, 1, 4_000_000);
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        foreach ((int width, bool dark) in new[] { (1366, false), (600, true) })
        {
            RenderedPage rendered = await Chromium.RenderAsync(page, width, dark);

            Assert.Equal(0, rendered.Overflow);
            Assert.Equal(figures, rendered.Figures.Select(figure => figure.Id));
            Assert.All(rendered.Figures, figure =>
            {
                Assert.True(figure.Drawn, figure.Caption);
                Assert.True(figure.Colours > 20, $"{figure.Id} has {figure.Colours} colours");
                Assert.Equal(figure.Id == "seeds" || (count == 2 && figure.Id == "key-1") ? [] : legend, figure.Legend);
                Assert.Matches(@"^sparsity=.*\n[\s\S]*\d\.\d{4} [^(]*$", figure.Hover);
            });
        }
    }

    [Fact]
    public void A_sweep_that_has_done_nothing_has_no_page()
    {
        SweepGrid grid = Grid(seeds: null, ["sparsity.sparsity=0,0.5"]);
        using (Sweep sweep = SparseEngine.Sweeps.Sweep.Open(grid, folder.File("grid")))
        {
            sweep.Execute((_, _) => RunEnd.Failed("it broke,\nin two lines"), new Nobody(), TestContext.Current.CancellationToken);
        }

        Assert.Contains(
            "no run of the sweep has logged a step yet", Assert.Throws<ConfigurationException>(() => SweepReport.Page(folder.File("grid"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(",failed,0,,0,0,", File.ReadAllLines(folder.File("grid", "sweep.csv"))[1], StringComparison.Ordinal);
        Assert.EndsWith(",\"it broke, in two lines\"", File.ReadAllLines(folder.File("grid", "sweep.csv"))[1], StringComparison.Ordinal);
    }

    /// <summary>Does a sweep whose runs log two evaluations, and a training loss a second.</summary>
    private string Sweep(int? seeds, params string[] settings)
    {
        SweepGrid grid = Grid(seeds, settings);
        string directory = folder.File("grid");
        using Sweep sweep = SparseEngine.Sweeps.Sweep.Open(grid, directory);
        sweep.Execute(
            (run, _) =>
            {
                WriteLog(Path.Combine(sweep.FolderOf(run), "metrics.jsonl"), grid.Runs.IndexOf(run));
                return RunEnd.Done;
            },
            new Nobody(), TestContext.Current.CancellationToken);
        return directory;
    }

    private SweepGrid Grid(int? seeds, string[] settings)
    {
        string file = folder.Write("params.yaml", """
            train_input: &data {data_processor: GptHDF5DataProcessor, data_dir: samples, max_sequence_length: 32, batch_size: 4}
            eval_input: *data
            model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 1, num_heads: 2, filter_size: 64, max_position_embeddings: 32}
            sparsity: {sparsity: 0.75, init_method: random}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-3}
            runconfig: {max_steps: 10}
            """);
        return SweepGrid.Create(new SweepRequest { ParametersFile = file, Settings = [.. settings], Seeds = seeds });
    }

    private static void WriteLog(string path, int run)
    {
        double end = 2 + (run / 10.0);
        List<string> lines = [];
        for (int step = 1; step <= 10; step++)
        {
            double seconds = step * (10.0 + run) / 10;
            lines.Add(Invariant($"{{\"step\":{step},\"loss\":{end + 1 - (step / 10.0)},\"learning_rate\":0.1,\"grad_norm\":1,\"tokens\":128,")
                + Invariant($"\"step_ms\":1000,\"seconds\":{seconds},\"tokens_per_second\":128,\"flops_dense\":1000000,\"flops_executed\":500000}}"));
            if (step % 5 == 0)
            {
                lines.Add(Invariant($"{{\"step\":{step},\"eval_loss\":{end + (step == 5 ? 1 : 0)},\"seconds\":{seconds}}}"));
            }
        }

        File.WriteAllLines(path, lines);
    }

    /// <summary>The rows of a figure's numbers, their cells parted by strokes.</summary>
    private static IEnumerable<string> Rows(string page, string heading, string figure)
    {
        string table = page.Split($"<figure id=\"{figure}\">")[1].Split("</figure>")[0].Split("<table>")[1].Split("</table>")[0];
        Assert.Contains($"<th>{heading}</th>", table, StringComparison.Ordinal);
        return table.Split("<tr>").Skip(1).Select(row => string.Join(
            '|', row.Split(["</th>", "</td>"], StringSplitOptions.None).SkipLast(1).Select(cell => cell[(cell.LastIndexOf('>') + 1)..])));
    }

    private sealed class Nobody : ISweepObserver;
}
