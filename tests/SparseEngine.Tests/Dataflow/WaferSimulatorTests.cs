using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Tests.Dataflow.Simulation;

namespace SparseEngine.Tests.Dataflow;

/// <summary>The closed model of a product's cycles against a wafer that is simulated message by message.</summary>
public class WaferSimulatorTests
{
    private const double Tolerance = 0.05;

    // Eight by eight cores, with a link to the memory that is as wide against them as the CS-2's.
    private static readonly WaferConstants SmallWafer = WaferConstants.Cs2 with { Rows = 8, Columns = 8, IoBytesPerSecond = 8 * 4 * 1.1e9 };

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 24)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Cycles_are_those_of_the_model_within_five_percent_and_the_product_is_exact(int seed)
    {
        (CsrPattern pattern, float[] values, float[] x, int tokens, WaferConstants wafer) = RandomCase(seed);

        SimulatedProduct simulated = new WaferSimulator(wafer).Spmm(pattern, values, x, tokens);
        WaferProduct model = WaferModel.Product(
            wafer, WaferMapping.Create(wafer, tokens, bands: 1), WeightLoad.Of(pattern), tokens, WaferPass.Forward);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"| {pattern.Rows} x {pattern.ColumnCount} | {100 - (100.0 * pattern.NonZeros / (pattern.Rows * pattern.ColumnCount)):F0}% | {tokens} | "
            + $"{simulated.Cycles:N0} | {model.Cycles:N0} | {100 * ((model.Cycles / simulated.Cycles) - 1):+0.0;-0.0}% | {model.Bound} |");
        AssertIsProduct(pattern, values, x, tokens, simulated.Output.Span);
        Assert.Equal((long)pattern.NonZeros * tokens, simulated.Multiplications);
        Assert.Equal(model.Multiplications, simulated.Multiplications);
        Assert.Equal((double)pattern.Rows * pattern.ColumnCount * tokens, model.Multiplications + model.SkippedMultiplications);
        Assert.True(
            Math.Abs(simulated.Cycles - model.Cycles) <= Tolerance * simulated.Cycles,
            $"{pattern.Rows} x {pattern.ColumnCount}, {pattern.NonZeros} non-zeros, {tokens} tokens: {simulated.Cycles} cycles simulated, "
            + $"{model.Cycles:F0} by the model ({model.Bound}), {100 * ((model.Cycles / simulated.Cycles) - 1):F1}% off");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_gradient_of_the_input_is_the_product_with_the_transposed_weight(int seed)
    {
        (CsrPattern pattern, _, _, int tokens, WaferConstants wafer) = RandomCase(seed);
        CsrPattern transposed = Transpose(pattern);
        Random random = new(seed);
        float[] values = [.. Enumerable.Range(0, pattern.NonZeros).Select(_ => random.Next(-8, 9) / 8f)];
        float[] dy = [.. Enumerable.Range(0, pattern.Rows * tokens).Select(_ => random.Next(-8, 9) / 8f)];

        SimulatedProduct simulated = new WaferSimulator(wafer).Spmm(transposed, values, dy, tokens);
        WaferProduct model = WaferModel.Product(
            wafer, WaferMapping.Create(wafer, tokens, bands: 1), WeightLoad.Of(pattern), tokens, WaferPass.BackwardActivations);

        AssertIsProduct(transposed, values, dy, tokens, simulated.Output.Span);
        Assert.InRange(model.Cycles / simulated.Cycles, 1 - Tolerance, 1 + Tolerance);
    }

    private static CsrPattern Transpose(CsrPattern pattern)
    {
        bool[] keep = new bool[pattern.Rows * pattern.ColumnCount];
        for (int row = 0; row < pattern.Rows; row++)
        {
            for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
            {
                keep[(pattern.Columns[p] * pattern.Rows) + row] = true;
            }
        }

        return CsrPattern.FromMask(pattern.ColumnCount, pattern.Rows, keep);
    }

    // Shapes from square to flat, 0 to 95% zeros, one to many tokens a core, and links so narrow that they are the bound.
    private static (CsrPattern Pattern, float[] Values, float[] X, int Tokens, WaferConstants Wafer) RandomCase(int seed)
    {
        Random random = new(seed);
        int rows = 8 * random.Next(8, 33);
        int columns = 8 * random.Next(8, 33);
        double density = 1 - (random.NextDouble() * 0.95);
        int tokens = 8 * random.Next(1, 17);
        bool[] keep = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() < density)];
        CsrPattern pattern = CsrPattern.FromMask(rows, columns, keep);
        float[] values = [.. Enumerable.Range(0, pattern.NonZeros).Select(_ => random.Next(-8, 9) / 8f)];
        float[] x = [.. Enumerable.Range(0, columns * tokens).Select(_ => random.Next(-8, 9) / 8f)];
        WaferConstants wafer = seed % 4 == 3 ? SmallWafer with { IoBytesPerSecond = SmallWafer.IoBytesPerSecond / 16 } : SmallWafer;
        return (pattern, values, x, tokens, wafer);
    }

    // Eighths, whose sums float32 holds exactly in any order.
    private static void AssertIsProduct(CsrPattern pattern, float[] values, float[] x, int tokens, ReadOnlySpan<float> y)
    {
        for (int row = 0; row < pattern.Rows; row++)
        {
            for (int token = 0; token < tokens; token++)
            {
                double sum = 0;
                for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
                {
                    sum += (double)values[p] * x[(pattern.Columns[p] * tokens) + token];
                }

                Assert.Equal(sum, y[(row * tokens) + token]);
            }
        }
    }
}
