using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

/// <summary>Consecutive steps of a run in which each weight has the same number of non-zeros.</summary>
/// <param name="Plan">The sparse weights.</param>
/// <param name="FirstStep">The first of the steps; 1 for the first of the run.</param>
/// <param name="Steps">How many there are.</param>
public sealed record SparsityPhase(SparsityPlan Plan, int FirstStep, int Steps)
{
    /// <summary>The phases of a run.</summary>
    /// <param name="plan">Its sparse weights, from its beginning.</param>
    /// <param name="lastStep">Its last step.</param>
    /// <param name="most">
    /// About how many phases there may be: of a run whose weights change more often only as many changes are looked at, evenly spaced.
    /// </param>
    public static IEnumerable<SparsityPhase> Of(SparsityPlan plan, int lastStep, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(plan);
        SparsityPhase? phase = null;
        foreach (int done in Thinned(ChangesOf(plan, lastStep), most))
        {
            SparsityPlan next = plan.After(done);
            if (phase is not null && !Kept(phase.Plan).SequenceEqual(Kept(next)))
            {
                yield return phase with { Steps = done + 1 - phase.FirstStep };
                phase = null;
            }

            phase ??= new SparsityPhase(next, done + 1, 0);
        }

        if (phase is not null)
        {
            yield return phase with { Steps = lastStep + 1 - phase.FirstStep };
        }
    }

    /// <summary>The numbers of steps done after which a weight may have another number of non-zeros; 0 is the first.</summary>
    private static int[] ChangesOf(SparsityPlan plan, int lastStep) =>
    [
        .. plan.Weights.Select(weight => weight.Dynamic?.Updates).OfType<UpdateSchedule>().Distinct()
            .SelectMany(updates => updates.Until(lastStep - 1))
            .Append(0)
            .Distinct()
            .Order(),
    ];

    // The first one stays: without it a run would have no beginning.
    private static IEnumerable<int> Thinned(int[] changes, int most)
    {
        int stride = ((changes.Length - 1) / most) + 1;
        return changes.Where((_, index) => index % stride == 0);
    }

    private static IEnumerable<long> Kept(SparsityPlan plan) => plan.Weights.Select(weight => weight.Kept);
}
