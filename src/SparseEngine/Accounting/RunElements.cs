using SparseEngine.Sparsity;

namespace SparseEngine.Accounting;

/// <summary>Elements of weights that are dead, added up over the steps of a run.</summary>
/// <param name="Dead">Those of every step, which is as many as its products leave out.</param>
/// <param name="DeadWithGradient">Those of the steps after which masks change by dense gradients, which are computed of them too.</param>
internal readonly record struct RunElements(double Dead, double DeadWithGradient)
{
    /// <summary>
    /// Adds up a run. Weights of one size that change alike are followed once: a long run may change them at each of a million steps.
    /// </summary>
    /// <param name="plan">Its sparse weights, from its beginning.</param>
    /// <param name="lastStep">Its last step.</param>
    public static RunElements Of(SparsityPlan plan, int lastStep)
    {
        double dead = 0;
        double deadWithGradient = 0;
        foreach (IEnumerable<WeightSparsity> alike in plan.Weights.GroupBy(weight => (Unnamed(weight), string.Join(' ', weight.Shape))))
        {
            RunElements one = Of(alike.First(), lastStep);
            dead += alike.Count() * one.Dead;
            deadWithGradient += alike.Count() * one.DeadWithGradient;
        }

        return new RunElements(dead, deadWithGradient);
    }

    private static WeightSparsity Unnamed(WeightSparsity weight) => weight with { Index = 0, Name = "", Shape = default };

    private static RunElements Of(WeightSparsity weight, int lastStep)
    {
        double dead = 0;
        double deadWithGradient = 0;
        bool needsGradient = weight.Dynamic is { } dynamic && SparsityAlgorithms.Of(dynamic.Algorithm).NeedsDenseGradient;
        for (int done = 0; done < lastStep;)
        {
            long zeros = weight.Total - weight.After(done).Kept;
            int? change = weight.Dynamic?.Updates.NextAfter(done);
            int next = Math.Min(change ?? lastStep, lastStep);
            dead += (double)(next - done) * zeros;
            deadWithGradient += needsGradient && next == change ? zeros : 0;
            done = next;
        }

        return new RunElements(dead, deadWithGradient);
    }
}
