using System.Globalization;
using System.Text;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration.Sections;
using SparseEngine.Configuration.Yaml;
using SparseEngine.Files;
using SparseEngine.Runs;
using SparseEngine.Training;
using YamlScalar = SparseEngine.Configuration.Yaml.YamlScalar;

namespace SparseEngine.Sweeps;

/// <summary>The configuration of a run in its folder: as the grid has it, and as the run goes on.</summary>
/// <remarks>
/// The steps that a time budget chose take its place as soon as they are known: from then on the file is the same run again, whether that goes on,
/// begins anew since it was killed before its first checkpoint, or is repeated by somebody.
/// </remarks>
internal static class RunFile
{
    /// <summary>The file.</summary>
    public const string Name = "params.yaml";

    private const string TimeBudget = "time_budget";
    private const string BudgetSteps = "budget_steps";

    /// <summary>Writes it for a run that begins, or goes on: from its own checkpoint, not from the one that it began with.</summary>
    public static void WriteForStart(SweepRun run, string folder) =>
        Write(run, folder, goesOn: CheckpointDirectory.LastStep(folder) is not null);

    /// <summary>Writes it for a run that has ended: it does the same from the beginning.</summary>
    public static void WriteForAnother(SweepRun run, string folder) => Write(run, folder, goesOn: false);

    /// <summary>The steps that the run's schedules are stretched over, as itself has noted; null where they are not, or not yet.</summary>
    public static int? ReadBudgetSteps(string folder)
    {
        RunMode[] modes = [RunMode.Train, RunMode.TrainAndEval];
        string? path = modes.Select(mode => RunRecord.ConfigurationFile(folder, mode)).FirstOrDefault(File.Exists);
        return path is not null && Load(ParametersFile.ReadText(path), path) is YamlMapping root
            && RunPaths.Length(root, BudgetSteps).In(root) is YamlScalar { Text: var text }
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int steps) ? steps : null;
    }

    /// <summary>A file with a time budget, or its steps, in place of either.</summary>
    public static YamlMapping WithBudget(YamlMapping root, TimeSpan? time, int? steps)
    {
        if (time is null && steps is null)
        {
            return root;
        }

        (string key, string other) = steps is null ? (TimeBudget, BudgetSteps) : (BudgetSteps, TimeBudget);
        string text = string.Create(CultureInfo.InvariantCulture, $"{steps ?? time!.Value.TotalSeconds}");
        YamlNode without = RunPaths.Length(root, other).Remove(root);
        return (YamlMapping)RunPaths.Length(root, key).Set(without, new YamlScalar(default, text, isPlain: true));
    }

    private static void Write(SweepRun run, string folder, bool goesOn)
    {
        YamlMapping root = (YamlMapping)Load(run.Parameters.Text, run.Parameters.File)!;
        root = goesOn ? (YamlMapping)RunPaths.Start(root).Aggregate((YamlNode)root, (tree, path) => path.Remove(tree)) : root;
        string text = YamlWriter.Write(WithBudget(root, time: null, ReadBudgetSteps(folder)));
        AtomicFile.Write(Path.Combine(folder, Name), stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    private static YamlNode? Load(string text, string file) => YamlLoader.Load(new StringReader(text), new DiagnosticCollector(file));
}
