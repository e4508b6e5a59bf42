using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>Executes products on a wafer core by core, message by message and cycle by cycle: what the closed model is checked against.</summary>
/// <remarks>
/// For small wafers: a cycle costs time for every core. Values are float32, whatever
/// <see cref="WaferConstants.ValueBytes"/> says of the time that they take on links.
/// </remarks>
/// <param name="constants">The wafer.</param>
internal sealed class WaferSimulator(WaferConstants constants)
{
    /// <summary>Computes Y = W X as a CS-2 does: activations lie on the wafer, weights stream through.</summary>
    /// <param name="pattern">W's pattern [outputs, inputs].</param>
    /// <param name="values">Its non-zeros.</param>
    /// <param name="x">The input [inputs, tokens], row-major.</param>
    /// <param name="tokens">The number of tokens.</param>
    /// <exception cref="ArgumentException">A length does not fit the pattern.</exception>
    public SimulatedProduct Spmm(CsrPattern pattern, ReadOnlySpan<float> values, ReadOnlyMemory<float> x, int tokens)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (values.Length != pattern.NonZeros || x.Length != (long)pattern.ColumnCount * tokens)
        {
            throw new ArgumentException($"a product with {pattern.NonZeros} non-zeros and [{pattern.ColumnCount}, {tokens}] activations "
                + $"has other lengths than {values.Length} and {x.Length}");
        }

        float[] y = new float[pattern.Rows * tokens];
        EqualBlocks features = new(pattern.ColumnCount, constants.Columns);
        WeightStream stream = new(
            pattern, values, features, constants, constants.WeightBytes(pattern.NonZeros < (long)pattern.Rows * pattern.ColumnCount));
        int rows = Math.Min(constants.Rows, tokens);
        WeightColumn[] columns =
            [.. Enumerable.Range(0, constants.Columns).Select(column => new WeightColumn(stream.EdgeOf(column), rows, constants))];
        SumRing[] rings = [.. Enumerable.Range(0, rows).Select(_ => new SumRing(constants.Columns, constants))];
        EqualBlocks tokenBlocks = new(tokens, rows);
        SpmmCore[] cores =
        [
            .. from row in Enumerable.Range(0, rows)
               let tile = new SpmmTile(constants, constants.Columns, pattern.Rows, x, y, tokens, tokenBlocks.FirstOf(row), tokenBlocks.CountOf(row))
               from column in Enumerable.Range(0, constants.Columns)
               select new SpmmCore(tile, column, columns[column].ArrivalsAt(row), rings[row]),
        ];

        long cycle = 0;
        for (; !Array.TrueForAll(cores, core => core.IsDone); cycle++)
        {
            stream.Step(cycle);
            Array.ForEach(columns, column => column.Step(cycle));
            Array.ForEach(cores, core => core.Step(cycle));
            Array.ForEach(rings, ring => ring.Step(cycle));
        }

        return new SimulatedProduct(y, cycle, cores.Sum(core => core.Multiplications), cores.Max(core => core.BusyCycles));
    }
}
