using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>What --profile prints and writes, and how the host can be told to multiply.</summary>
public class ProfileTests
{
    [Fact]
    public async Task A_profile_shows_where_the_time_went_and_changes_no_loss()
    {
        using TinyRun plain = new();
        using TinyRun profiled = new();

        (await plain.RunAsync("train")).EndsWith(0);
        ProgramResult result = (await profiled.RunAsync("train", "--profile")).EndsWith(0);

        Assert.Equal(plain.Losses(), profiled.Losses());
        foreach (string row in new[]
        {
            "SpMM", "transposed SpMM", "SDDMM", "head and loss", "attention gradient", "optimizer", "linear layers", "everything else",
        })
        {
            Assert.Matches($@"(?m)^ *{row} .*\d\.\d{{3}} s", result.Output);
        }

        using JsonDocument trace = JsonDocument.Parse(
            await File.ReadAllBytesAsync(profiled.Output("trace.json"), TestContext.Current.CancellationToken));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];

        // Two layers of six sparse weights, eight steps.
        Assert.Equal(2 * 6 * 8, events.Count(call => call.GetProperty("name").GetString() == "SDDMM"));
        Assert.All(events, call => Assert.Equal("X", call.GetProperty("ph").GetString()));
        double[] starts = [.. events.Select(call => call.GetProperty("ts").GetDouble())];
        Assert.Equal(starts.Order(), starts);
    }

    [Fact]
    public async Task Products_can_be_forced_and_give_the_same_losses_within_rounding_but_not_the_same_flops()
    {
        using TinyRun sparse = new();
        using TinyRun dense = new();

        (await sparse.RunAsync("train", "--sparse_products", "sparse")).EndsWith(0);
        (await dense.RunAsync("train", "--sparse_products", "dense")).EndsWith(0);

        foreach ((int step, (double loss, double gradNorm)) in sparse.Losses())
        {
            Assert.Equal(loss, dense.Losses()[step].Loss, 1e-4 * loss);
            Assert.Equal(gradNorm, dense.Losses()[step].GradNorm, 1e-3 * gradNorm);
        }

        JsonElement executed = sparse.Metrics()[0];
        JsonElement filled = dense.Metrics()[0];
        Assert.True(executed.GetProperty("flops_executed").GetDouble() < executed.GetProperty("flops_dense").GetDouble());
        Assert.Equal(filled.GetProperty("flops_dense").GetDouble(), filled.GetProperty("flops_executed").GetDouble());

        // Either kind of run goes on from the other's checkpoint.
        (await dense.RunAsync("train", "--sparse_products", "sparse", "--max_steps", "10")).EndsWith(0);
    }

    [Fact]
    public async Task An_unknown_way_to_multiply_is_one_line()
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train", "--sparse_products", "magic")).EndsWith(2);

        Assert.Contains(
            "valid: fastest, sparse, dense", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }
}
