using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;

namespace SparseEngine.Report.Figures;

/// <summary>What there is to show where masks move: levels, what has ever lived, and what moved.</summary>
internal static class MaskFigures
{
    /// <summary>The figures; none where no run's masks moved.</summary>
    public static IEnumerable<Figure> Of(IReadOnlyList<ReportedRun> runs)
    {
        MovingRun[] moving = [.. runs.Select((run, index) => (run, index)).Where(one => one.run.Masks is not null)
            .Select(one => new MovingRun(one.run.Name, one.index, one.run.Masks!))];
        return moving.Length == 0
            ? []
            : [LevelFigure.Of(moving, runs.Count > 1), ExplorationFigure.Of(moving, runs.Count > 1), TurnoverFigure.Of(moving, runs.Count > 1)];
    }
}

/// <summary>A run whose masks move.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Index">Its number among all runs, which has its colour.</param>
/// <param name="Masks">How its masks moved.</param>
internal sealed record MovingRun(string Name, int Index, MaskHistory Masks);
