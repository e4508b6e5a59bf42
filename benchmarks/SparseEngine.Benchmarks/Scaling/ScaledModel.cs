namespace SparseEngine.Benchmarks.Scaling;

/// <summary>A model whose batch any number of ranks share.</summary>
/// <param name="Name">What the tables call it.</param>
/// <param name="Size">The model and the batch of all ranks together.</param>
/// <param name="WeakSequences">Sequences of each rank where the batch grows with them.</param>
/// <param name="Speed">A rank's speed, by zeros in percent.</param>
internal sealed record ScaledModel(string Name, StepSize Size, int WeakSequences, Func<int, RankSpeed> Speed)
{
    /// <summary>It on a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="zeros">Zeros in the decoder's weights, in percent.</param>
    public ScalingModel On(Network network, int zeros) =>
        new(Speed(zeros), network, GradientStream.Of(Size.Model, Size.Plan(zeros), Size.Sequence));

    /// <summary>The step of some ranks that share the batch.</summary>
    /// <param name="scaling">From <see cref="On"/>.</param>
    /// <param name="ranks">How many.</param>
    public PredictedStep Step(ScalingModel scaling, int ranks) => scaling.Step(ranks, (double)Size.Tokens / ranks, Size.Sequence);

    /// <summary>The step of some ranks that have <see cref="WeakSequences"/> each.</summary>
    /// <param name="scaling">From <see cref="On"/>.</param>
    /// <param name="ranks">How many.</param>
    public PredictedStep WeakStep(ScalingModel scaling, int ranks) => scaling.Step(ranks, WeakSequences * Size.Sequence, Size.Sequence);
}
