using System.Text;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using static System.FormattableString;

namespace SparseEngine.Report;

/// <summary>A page about a run, and others to compare it with: losses, FLOPs, zeros, speed, and what a CS-2 would make of it.</summary>
public static class RunReport
{
    /// <summary>The page's name in a model directory.</summary>
    public const string FileName = "report.html";

    /// <summary>Writes the page, whole or not at all.</summary>
    /// <param name="modelDirectories">The run that the report is about, then those to compare it with.</param>
    /// <param name="output">The file; null for <see cref="FileName"/> in the first directory, over an older one.</param>
    /// <param name="overwrite">Whether <paramref name="output"/> may take the place of another file.</param>
    /// <param name="systems">CS-2s to predict for.</param>
    /// <param name="warn">Told in a line of what is there and cannot be used.</param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="Data.DataException">A directory is none of a run's, or holds damaged metrics.</exception>
    /// <exception cref="ConfigurationException">
    /// The output is a folder, or exists and may not be overwritten; or there are no fonts to write with.
    /// </exception>
    /// <exception cref="OutputException">The page cannot be written.</exception>
    public static string Write(IReadOnlyList<string> modelDirectories, string? output, bool overwrite, int systems, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(modelDirectories);
        string path = output ?? Path.Combine(modelDirectories[0], FileName);
        OutputFiles.Check([path], inputs: [], overwrite: overwrite || output is null);
        string page = Page(modelDirectories, systems, warn);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));
        return path;
    }

    /// <summary>Makes the page of what runs left in their model directories; they may still be running.</summary>
    /// <param name="modelDirectories">The run that the report is about, then those to compare it with.</param>
    /// <param name="systems">CS-2s to predict for.</param>
    /// <param name="warn">Told in a line of what is there and cannot be used.</param>
    /// <returns>HTML that needs no other file.</returns>
    /// <exception cref="Data.DataException">A directory is none of a run's, or holds damaged metrics.</exception>
    /// <exception cref="ConfigurationException">There are no fonts to write with.</exception>
    public static string Page(IReadOnlyList<string> modelDirectories, int systems, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(modelDirectories);
        ArgumentOutOfRangeException.ThrowIfLessThan(modelDirectories.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(systems, 1);
        FigureFont.Check();
        IReadOnlyList<string> names = NamesOf(modelDirectories);
        List<ReportedRun> runs = [.. modelDirectories.Select((directory, index) => ReportedRun.Read(directory, names[index], warn))];
        ReportedRun main = runs[0];
        Figure[] figures =
        [
            LossFigures.OverTime(runs),
            LossFigures.OverFlops(runs),
            LossFigures.OverSteps(runs),
            SpeedFigure.Of(runs),
            FlopFigure.Of(main),
            SparsityFigure.Of(main),
            .. MaskFigures.Of(runs),
            TimeFigure.Of(main),
            WaferFigures.PerLayer(main, systems),
            SpeedupFigure.Of(runs, systems),
        ];
        return ReportPage.Of(TitleOf(runs), LeadOf(main), Facts(main, systems), runs.Count > 1 ? RunTable.Of(runs, systems) : null, figures);
    }

    private static string TitleOf(List<ReportedRun> runs) =>
        runs.Count == 1 ? $"Run {runs[0].Name}" : $"Run {runs[0].Name}, beside {string.Join(", ", runs.Skip(1).Select(run => run.Name))}";

    private static string LeadOf(ReportedRun run)
    {
        string steps = run.LastStep is { } last ? $"{Quantity.Count(last.Step)} steps of {Quantity.Count(last.Tokens)} tokens" : "evaluations only";
        return run.Model is { } model
            ? $"GPT with {model.Parameters.Layers} layers, hidden size {model.Parameters.HiddenSize}, {model.Parameters.Heads} heads, "
                + $"filter size {model.Parameters.FilterSize}, vocabulary {Quantity.Count(model.Parameters.VocabularySize)}; {steps}"
            : steps;
    }

    private static IEnumerable<(string Name, string Value, string Detail)> Facts(ReportedRun run, int systems)
    {
        if (run.BestEvaluation is { } evaluation)
        {
            string perplexity = evaluation.Perplexity is { } value ? Invariant($"perplexity {value:0.000}, ") : "";
            yield return ("validation loss", Invariant($"{evaluation.Loss:0.0000}"), $"{perplexity}step {Quantity.Count(evaluation.Step)}");
        }

        if (run.LastStep is { } last)
        {
            yield return ("training loss", Invariant($"{last.Loss:0.0000}"), $"step {Quantity.Count(last.Step)}");
            yield return ("training time", RunTable.Time(run), "evaluations and checkpoints apart");
            yield return ("training FLOPs", Quantity.Operations(run.TotalFlops.Executed),
                $"{Quantity.Percent(run.TotalFlops.Executed, run.TotalFlops.Dense)} of {Quantity.Operations(run.TotalFlops.Dense)} dense");
            yield return ("speed", $"{Quantity.Count(run.TokensPerSecond!.Value)}", "tokens/s, median");
        }

        if (run.Masks is { } masks)
        {
            yield return ("ever alive", Invariant($"{100 * masks.Total[^1].Explored:0.0}%"),
                Invariant($"{100 - (100 * masks.Total[^1].Sparsity):0.0}% alive, of weights whose masks move"));
        }

        if (run.Model is { } model)
        {
            yield return ("parameters", Quantity.Scaled(model.Elements, "").TrimEnd(),
                $"{Quantity.Percent(model.Zeros, model.Elements)} of them zero");
            if (run.LastStep is { } step)
            {
                WaferPrediction wafer = model.Predict(step.Tokens, systems);
                yield return (systems == 1 ? "one CS-2, predicted" : $"{systems} CS-2s, predicted",
                    Quantity.Scaled(wafer.TokensPerSecond, "").TrimEnd(), "tokens/s, linear layers only");
            }
        }
    }

    /// <summary>The directories' own names where those tell them apart, else as they were given.</summary>
    private static IReadOnlyList<string> NamesOf(IReadOnlyList<string> directories)
    {
        List<string> names = [.. directories.Select(directory => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))))];
        return names.Distinct().Count() == names.Count ? names : directories;
    }
}
