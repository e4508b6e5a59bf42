namespace SparseEngine.Dataflow;

/// <summary>The closed formulas of a product's cycles on a wafer; docs/dataflow.md derives them.</summary>
internal static class ProductModel
{
    /// <summary>
    /// Y = W X, and dX = W^T dY with the transposed load: each weight an AXPY over a core's tokens, each output row a sum over the columns.
    /// </summary>
    /// <param name="constants">The wafer.</param>
    /// <param name="mapping">Where activations lie.</param>
    /// <param name="load">The matrix that streams through, [outputs, inputs] of this product.</param>
    /// <param name="tokens">All tokens on the wafer.</param>
    /// <param name="pass">Which product it is.</param>
    public static WaferProduct Spmm(WaferConstants constants, WaferMapping mapping, WeightLoad load, long tokens, WaferPass pass)
    {
        int tokensPerCore = mapping.TokensPerCore;
        double busiest = load.BusiestColumn(mapping.Columns);
        double axpy = constants.IssueCycles + constants.PassCycles(tokensPerCore);
        double sums = constants.IssueCycles + constants.PassCycles(tokensPerCore);
        double crossing = CrossingCycles(constants, mapping);
        return new WaferProduct(
            pass,
            ComputeCycles: ((busiest + ColumnCoupling(constants, mapping, load)) * axpy) + (load.Outputs * sums),
            StreamingCycles: Math.Max(load.NonZeros * constants.WeightBytes(load.IsSparse) / constants.IoBytesPerCycle, busiest + load.Outputs),
            ReductionCycles: (double)load.Outputs * constants.MessagesFor(tokensPerCore),
            LatencyCycles: DescentCycles(constants, mapping) + crossing,
            Multiplications: (double)load.NonZeros * tokens,
            SkippedMultiplications: (double)(load.Elements - load.NonZeros) * tokens);
    }

    /// <summary>
    /// dW = dY X^T at the non-zeros: each output gradient goes to all columns, each non-zero is a dot
    /// product over a core's tokens, summed down its column.
    /// </summary>
    /// <param name="constants">The wafer.</param>
    /// <param name="mapping">Where activations lie.</param>
    /// <param name="load">W [outputs, inputs].</param>
    /// <param name="tokens">All tokens on the wafer.</param>
    public static WaferProduct Sddmm(WaferConstants constants, WaferMapping mapping, WeightLoad load, long tokens)
    {
        int tokensPerCore = mapping.TokensPerCore;
        double busiest = load.BusiestColumn(mapping.Columns);
        double dot = constants.IssueCycles + constants.PassCycles(tokensPerCore) + 1;
        double store = constants.IssueCycles + constants.PassCycles(tokensPerCore);
        double crossing = CrossingCycles(constants, mapping);
        double indexBytes = load.IsSparse ? constants.ValueBytes : 0;
        return new WaferProduct(
            WaferPass.BackwardWeights,
            ComputeCycles: ((busiest + ColumnCoupling(constants, mapping, load)) * dot) + (load.Outputs * store),
            StreamingCycles: Math.Max(load.NonZeros * Math.Max(indexBytes, constants.ValueBytes) / constants.IoBytesPerCycle, busiest + load.Outputs),
            ReductionCycles: (double)load.Outputs * constants.MessagesFor(tokensPerCore),
            LatencyCycles: (2 * DescentCycles(constants, mapping)) + crossing,
            Multiplications: (double)load.NonZeros * tokens,
            SkippedMultiplications: (double)(load.Elements - load.NonZeros) * tokens);
    }

    // From the wafer's edge to the last row of cores.
    private static double DescentCycles(WaferConstants constants, WaferMapping mapping) =>
        (Math.Min(constants.Rows, mapping.TokenRows) + 1) * constants.HopCycles;

    // The last row's sums on their way from the first column to the last, which owns the last output feature: at each core a hop, then the
    // messages of one pass of the datapath, one a cycle.
    private static double CrossingCycles(WaferConstants constants, WaferMapping mapping) =>
        (mapping.Columns - 1) * (constants.HopCycles + constants.MessagesFor(Math.Min(constants.SimdWidth, mapping.TokensPerCore)));

    // Columns are not equally busy in each stretch of rows. One that is ahead can go on only for the rows in flight, so where these are few
    // the wafer waits for the busiest column of each of several stretches instead of the busiest of all. Stretches cost their rows in flight;
    // the most expensive number of them counts.
    private static double ColumnCoupling(WaferConstants constants, WaferMapping mapping, WeightLoad load)
    {
        double excess = load.ExpectedExcess(mapping.Columns);
        double ahead = (double)load.NonZeros / mapping.Columns / load.Outputs * (constants.RowsInFlight(mapping.TokensPerCore) - 1);
        if (excess <= 0)
        {
            return 0;
        }

        // Random excess grows with the root of the number of stretches.
        double stretches = Math.Max(1, Math.Pow(excess / (2 * ahead), 2));
        return (excess * (Math.Sqrt(stretches) - 1)) - ((stretches - 1) * ahead);
    }
}
