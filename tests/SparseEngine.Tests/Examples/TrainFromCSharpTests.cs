using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SparseEngine.Tests.Examples;

/// <summary>The program of docs/library.md: shown as it is, and run.</summary>
public partial class TrainFromCSharpTests
{
    [Theory]
    [InlineData("library.md")]
    [InlineData("README.md")]
    public void The_page_shows_the_program_as_it_is_compiled(string page)
    {
        string text = File.ReadAllText(FileOf(page));
        Assert.Contains($"```csharp\n{File.ReadAllText(FileOf("Program.cs"))}```\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_takes_no_more_than_30_lines() => Assert.InRange(File.ReadAllLines(FileOf("Program.cs")).Length, 1, 30);

    [Fact]
    public async Task Its_loss_falls_and_its_model_writes()
    {
        using TemporaryDirectory folder = new();
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "TrainFromCSharp.dll")])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");

        double[] losses = [.. Loss().Matches(output).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(4, losses.Length);
        Assert.InRange(losses[0], 0.5, Math.Log(256) - 2);
        Assert.InRange(losses[^1], 0.5, losses[0] - 0.05);
        Assert.InRange(output[output.LastIndexOf("Returns the ", StringComparison.Ordinal)..].TrimEnd().Length, 30, 200);
        Assert.True(File.Exists(Path.Combine(folder.Path, "out", "checkpoint_200.mdl")));
    }

    private static string FileOf(string name) => Path.Combine(AppContext.BaseDirectory, "pages", name);

    [GeneratedRegex(@"loss (\d+\.\d+)")]
    private static partial Regex Loss();
}
