
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
    public static IEnumerable<SparsityPhase> Of(SparsityPlan plan, int lastStep)
    {
        ArgumentNullException.ThrowIfNull(plan);
        SparsityPhase? phase = null;
        for (int? done = 0; done < lastStep; done = plan.NextChangeAfter(done.Value))
        {
            SparsityPlan next = plan.After(done.Value);
            if (phase is not null && !Kept(phase.Plan).SequenceEqual(Kept(next)))
            {
                yield return phase with { Steps = done.Value + 1 - phase.FirstStep };
                phase = null;
            }

            phase ??= new SparsityPhase(next, done.Value + 1, 0);
        }

        if (phase is not null)
        {
            yield return phase with { Steps = lastStep + 1 - phase.FirstStep };
        }
    }

    private static IEnumerable<long> Kept(SparsityPlan plan) => plan.Weights.Select(weight => weight.Kept);
}
