using System.Globalization;
using System.Text;
using SparseEngine.Files;

namespace SparseEngine.Sweeps;

/// <summary>Writes <c>sweep.csv</c>: a line for each run.</summary>
internal static class SweepTable
{
    /// <summary>The file.</summary>
    public const string FileName = "sweep.csv";

    private static readonly string[] Figures =
    [
        "seed", "status", "steps", "budget_steps", "seconds", "flops_executed", "parameters", "parameters_kept", "last_validation_loss",
        "best_validation_loss", "training_loss", "error",
    ];

    /// <summary>Writes it, whole or not at all.</summary>
    /// <param name="directory">The sweep's folder.</param>
    /// <param name="definition">What the sweep is.</param>
    /// <param name="results">What its runs have come to.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Write(string directory, SweepDefinition definition, IReadOnlyList<SweepResult> results)
    {
        StringBuilder text = new();
        string[][] keys = [.. definition.Keys.Select(key => SweepAxis.Paths(key.Path))];
        Append(text, ["run", .. keys.SelectMany(paths => paths), .. Figures]);
        foreach ((RunDefinition run, SweepResult result) in definition.Runs.Zip(results))
        {
            Append(text,
            [
                run.Name,
                .. run.Values.Zip(keys).SelectMany(axis => SweepAxis.Parts(axis.First, axis.Second.Length)),
                Number(run.Seed),
                result.Status.ToString().ToLowerInvariant(),
                Number(result.Steps),
                Number(result.BudgetSteps),
                Number(result.Seconds),
                Number(result.Flops),
                Number(run.Parameters),
                Number(run.ParametersKept),
                Number(result.LastValidationLoss),
                Number(result.BestValidationLoss),
                Number(result.TrainingLoss),
                result.Error ?? "",
            ]);
        }

        AtomicFile.Write(Path.Combine(directory, FileName), stream => stream.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static void Append(StringBuilder text, IEnumerable<string> cells) => text.Append(string.Join(',', cells.Select(Cell))).Append('\n');

    /// <summary>As RFC 4180 has it: quotes where a comma, a quote or a line's end would part it.</summary>
    private static string Cell(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static string Number(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
