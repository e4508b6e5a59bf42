using SparseEngine.Sweeps;

namespace SparseEngine.Report.Sweeps;

/// <summary>All runs of a sweep that have logged something, and what they are compared by.</summary>
internal sealed class SweepRuns
{
    /// <summary>As many as differ in colour.</summary>
    private const int Colours = 8;

    private readonly int? colouring;

    /// <summary>Reads the runs' logs.</summary>
    /// <exception cref="Data.DataException">One is damaged.</exception>
    public SweepRuns(string directory, SweepFolder folder)
    {
        Definition = folder.Definition;
        Results = [.. Definition.Runs.Select(run => folder.ResultOf(directory, run.Name))];
        colouring = Definition.Runs.Length <= Colours ? null : ColouringKey(Definition);
        All =
        [
            .. Definition.Runs.Select((run, index) => SweptRun.Find(directory, run, Results[index], SeriesOf(run, index))).OfType<SweptRun>(),
        ];
        IsValidated = All.Any(run => run.Evaluations.Count > 0);
    }

    /// <summary>What the sweep is.</summary>
    public SweepDefinition Definition { get; }

    /// <summary>What each of its runs has come to.</summary>
    public IReadOnlyList<SweepResult> Results { get; }

    /// <summary>The runs that have logged a step.</summary>
    public IReadOnlyList<SweptRun> All { get; }

    /// <summary>The runs that are done and have a loss to compare by.</summary>
    public IEnumerable<SweptRun> Done => All.Where(run => run.Result.Status == SweepStatus.Done && ScoreOf(run) is not null);

    /// <summary>Whether runs are compared by validation losses; else by training losses, smoothed.</summary>
    public bool IsValidated { get; }

    /// <summary>What the runs are compared by, in words.</summary>
    public string LossName => IsValidated ? "lowest validation loss" : "training loss at the end, smoothed";

    /// <summary>The key whose values the runs' colours tell; null where each run has its own.</summary>
    public int? Colouring => colouring;

    /// <summary>What a run is compared by: its lowest validation loss, or its smoothed training loss at the end.</summary>
    public double? ScoreOf(SweptRun run) => IsValidated ? run.Result.BestValidationLoss : run.Log.Curve.FinalLoss;

    /// <summary>The losses that count, with what they cost.</summary>
    public IReadOnlyList<MeasuredLoss> LossesOf(SweptRun run) => IsValidated ? run.Evaluations : run.Training;

    /// <summary>What the colours mean.</summary>
    public IReadOnlyList<(string Name, int Series)> Legend => colouring is { } key && key < Definition.Keys.Length
        ? [.. Definition.Keys[key].Values.Select((value, index) => ($"{Definition.Keys[key].Name} {value.Label}", index))]
        : colouring is null ? [.. All.Select(run => (run.Name, run.Series))] : [];

    /// <summary>Runs that differ in their seeds alone.</summary>
    public IEnumerable<(string Name, SweptRun[] Runs, SeedStatistics Losses)> Combinations =>
        Done.GroupBy(run => run.Definition.Combination)
            .Select(group => (group.Key, group.ToArray(), SeedStatistics.Of([.. group.Select(run => ScoreOf(run)!.Value)])));

    /// <summary>The number by which a run has its colour, whether it has logged anything or not.</summary>
    /// <param name="run">The run.</param>
    /// <param name="index">Its place in the sweep.</param>
    public int SeriesOf(RunDefinition run, int index) => colouring is not { } key ? index
        : key < Definition.Keys.Length ? IndexOfValue(run, key) : 0;

    /// <summary>The place of a run's value among those of a key.</summary>
    public int IndexOfValue(RunDefinition run, int key) =>
        Definition.Keys[key].Values.Select(value => value.Text).ToList().IndexOf(run.Values[key]);

    /// <summary>The first key with several values, but no more than there are colours; with none such, all runs have one colour.</summary>
    private static int ColouringKey(SweepDefinition definition)
    {
        int key = definition.Keys.ToList().FindIndex(key => key.Values.Length is > 1 and <= Colours);
        return key >= 0 ? key : definition.Keys.Length;
    }
}
