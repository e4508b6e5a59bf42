namespace SparseEngine.Dataflow;

/// <summary>The three products of a linear layer.</summary>
public enum WaferPass
{
    /// <summary>Y = W X.</summary>
    Forward,

    /// <summary>dX = W^T dY.</summary>
    BackwardActivations,

    /// <summary>dW = dY X^T at the non-zeros.</summary>
    BackwardWeights,
}

/// <summary>What a product waits for.</summary>
public enum WaferBound
{
    /// <summary>The datapath of the busiest core.</summary>
    Compute,

    /// <summary>Weights on their way in, or gradients on their way out.</summary>
    Streaming,

    /// <summary>Sums, or output gradients, on their way across the columns.</summary>
    Reduction,
}

/// <summary>What one product costs on a wafer.</summary>
/// <param name="Pass">Which product.</param>
/// <param name="ComputeCycles">Cycles that the busiest core's datapath works.</param>
/// <param name="StreamingCycles">Cycles that weights and gradients take on the busier of the link to MemoryX and a column's links.</param>
/// <param name="ReductionCycles">Cycles that the links along a row of cores are taken.</param>
/// <param name="LatencyCycles">Cycles until the first core works, and after the last weight until the last output is there.</param>
/// <param name="Multiplications">Multiplications executed on the wafer.</param>
/// <param name="SkippedMultiplications">Multiplications by zero weights, which never happen.</param>
public sealed record WaferProduct(
    WaferPass Pass, double ComputeCycles, double StreamingCycles, double ReductionCycles, double LatencyCycles, double Multiplications,
    double SkippedMultiplications)
{
    /// <summary>What the product waits for: the largest of the three.</summary>
    public WaferBound Bound =>
        ComputeCycles >= Math.Max(StreamingCycles, ReductionCycles) ? WaferBound.Compute
        : StreamingCycles >= ReductionCycles ? WaferBound.Streaming
        : WaferBound.Reduction;

    /// <summary>Cycles from the first weight to the last output: the three overlap, so the largest counts, and the latency.</summary>
    public double Cycles => Math.Max(ComputeCycles, Math.Max(StreamingCycles, ReductionCycles)) + LatencyCycles;

    /// <summary>Multiplications over what all cores could do in these cycles: 0 to 1.</summary>
    public double Utilisation(WaferConstants constants)
    {
        ArgumentNullException.ThrowIfNull(constants);
        return constants.Utilisation(Multiplications, Cycles);
    }
}
