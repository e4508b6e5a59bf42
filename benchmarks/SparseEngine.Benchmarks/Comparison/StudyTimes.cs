using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// The step times by which benchmarks/better/study.py makes steps of seconds, as its CSV: all models take a step in turn, round after round, so that
/// a machine whose speed changes changes it for all.
/// </summary>
internal static class StudyTimes
{
    private static readonly (string Name, int Zeros, int BlockRows)[] Contestants =
    [
        ("dense", 0, 1), ("wide50", 50, 1), ("static75", 75, 1), ("static90", 90, 1), ("blocks50", 50, RowQuads.Rows),
        ("blocks75", 75, RowQuads.Rows), ("blocks90", 90, RowQuads.Rows),
    ];

    /// <summary>Prints medians.</summary>
    public static void Print(int[] widths)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        List<(string Name, StepUnderTest Step)> models =
        [
            .. widths.SelectMany(width => Contestants.Select(contestant => (
                Invariant($"{contestant.Name},{width}"),
                new StepUnderTest(device, StepSize.OfStudy(width) with { BlockRows = contestant.BlockRows }, contestant.Zeros)))),
        ];
        double[] seconds = Rounds.MediansOfSteps(StepTables.CountOfShortRounds, [.. models.Select(model => (Action)model.Step.RunToEnd)]);
        Console.WriteLine("contestant,width,step_ms");
        foreach (((string name, StepUnderTest step), double time) in models.Zip(seconds))
        {
            Console.WriteLine(Invariant($"{name},{1000 * time:F3}"));
            step.Dispose();
        }
    }
}
