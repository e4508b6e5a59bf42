using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Sweeps;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Report;

/// <summary>A page about a sweep: losses of all its runs over what they cost, the Pareto front, each key's values, and seeds.</summary>
public static class SweepReport
{
    /// <summary>Whether a folder is a sweep's, which this page is about, not a run's.</summary>
    public static bool IsSweep(string directory) => SweepFolder.Exists(directory);

    /// <summary>Writes the page, whole or not at all.</summary>
    /// <param name="directory">The sweep's folder; it may still be going on.</param>
    /// <param name="output">The file; null for <see cref="RunReport.FileName"/> in the folder, over an older one.</param>
    /// <param name="overwrite">Whether <paramref name="output"/> may take the place of another file.</param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="Data.DataException">A run's metrics are damaged.</exception>
    /// <exception cref="ConfigurationException">
    /// The output is a folder, or exists and may not be overwritten; no run has logged a step yet; or there are no fonts to write with.
    /// </exception>
    /// <exception cref="OutputException">The page cannot be written.</exception>
    public static string Write(string directory, string? output, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string path = output ?? Path.Combine(directory, RunReport.FileName);
        OutputFiles.Check([path], inputs: [], overwrite: overwrite || output is null);
        string page = Page(directory);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));
        return path;
    }

    /// <summary>Makes the page.</summary>
    /// <param name="directory">The sweep's folder; it may still be going on.</param>
    /// <returns>HTML that needs no other file.</returns>
    /// <exception cref="Data.DataException">A run's metrics are damaged.</exception>
    /// <exception cref="ConfigurationException">No run has logged a step yet, or there are no fonts to write with.</exception>
    public static string Page(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        FigureFont.Check();
        SweepRuns runs = new(directory, SweepFolder.Read(directory));
        if (runs.All.Count == 0)
        {
            throw new ConfigurationException($"{directory}: no run of the sweep has logged a step yet; valid: a sweep with one that has");
        }

        List<Figure> figures = [CostFigures.OverTime(runs), CostFigures.OverFlops(runs)];
        figures.AddRange(Enumerable.Range(0, runs.Definition.Keys.Length)
            .Where(key => runs.Definition.Keys[key].Values.Length > 1).Select(key => KeyFigure.Of(runs, key)));
        if (SeedFigure.Of(runs) is { } seeds)
        {
            figures.Add(seeds);
        }

        (IReadOnlyList<IReadOnlyList<string>> table, IReadOnlyList<int> series) = SweepRunTable.Of(runs);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        return ReportPage.Of($"Sweep {name}", LeadOf(runs), Facts(runs), table, figures, series);
    }

    private static string LeadOf(SweepRuns runs)
    {
        string keys = string.Join(", ", runs.Definition.Keys.Select(key => $"{key}"));
        string seeds = runs.Definition.Seeds is { } count ? $"{(keys.Length > 0 ? "; " : "")}{Quantity.Count(count, "seed")}" : "";
        return $"{runs.Definition.ParametersFile}: {keys}{seeds}";
    }

    private static IEnumerable<(string Name, string Value, string Detail)> Facts(SweepRuns runs)
    {
        int done = runs.Results.Count(result => result.Status == SweepStatus.Done);
        int failed = runs.Results.Count(result => result.Status == SweepStatus.Failed);
        yield return ("runs done", Invariant($"{done} of {runs.Results.Count}"), failed > 0 ? Invariant($"{failed} failed") : "none failed");
        if (runs.Done.MinBy(runs.ScoreOf) is { } best)
        {
            yield return (runs.LossName, LossTables.Number(runs.ScoreOf(best), "0.0000"), best.Name);
            SweptRun worst = runs.Done.MaxBy(runs.ScoreOf)!;
            yield return ("the worst run's", LossTables.Number(runs.ScoreOf(worst), "0.0000"), worst.Name);
            (string Name, SweptRun[] Runs, SeedStatistics Losses)[] seeds = [.. runs.Combinations.Where(one => one.Losses.Count > 1)];
            if (seeds.Length > 0)
            {
                (string combination, _, SeedStatistics losses) = seeds.MinBy(one => one.Losses.Mean);
                yield return ("best mean over seeds", Invariant($"{losses.Mean:0.0000} ± {losses.Deviation:0.0000}"), combination);
            }
        }

        yield return ("training time", Quantity.Duration(runs.Results.Sum(result => result.Seconds)), "of all runs together");
        yield return ("training FLOPs", Quantity.Operations(runs.Results.Sum(result => result.Flops)), "of all runs together");
    }
}
