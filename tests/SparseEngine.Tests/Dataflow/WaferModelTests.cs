using SparseEngine.Dataflow;

namespace SparseEngine.Tests.Dataflow;

public class WaferModelTests
{
    private const int Gpt3Hidden = 12_288;
    private const long Tokens = 2048 * 64;

    private static readonly WaferConstants Cs2 = WaferConstants.Cs2;

    /// <summary>
    /// What Cerebras published of a 12k x 12k GPT-3 product: nearly as many times faster as there are fewer
    /// non-zeros (docs/dataflow.md names the source).
    /// </summary>
    [Theory]
    [InlineData(0.50)]
    [InlineData(0.75)]
    [InlineData(0.80)]
    [InlineData(0.90)]
    public void The_speed_up_of_a_gpt3_product_is_near_linear_to_ten_times(double sparsity)
    {
        double speedUp = Cycles(0) / Cycles(sparsity);
        TestContext.Current.TestOutputHelper?.WriteLine($"| {sparsity:P0} | {1 / (1 - sparsity):F1} | {speedUp:F1} |");
        Assert.InRange(speedUp, 0.75 / (1 - sparsity), 1 / (1 - sparsity));
    }

    [Fact]
    public void More_zeros_never_take_longer_and_no_core_does_more_than_it_can()
    {
        double before = double.PositiveInfinity;
        for (int zeros = 0; zeros < 100; zeros += 5)
        {
            foreach (WaferPass pass in Enum.GetValues<WaferPass>())
            {
                Assert.InRange(Product(zeros / 100.0, pass).Utilisation(Cs2), 0, 1);
            }

            double cycles = Cycles(zeros / 100.0);
            Assert.True(cycles <= before, $"{zeros}%");
            before = cycles;
        }
    }

    [Fact]
    public void Narrow_links_make_the_stream_the_bound_and_few_tokens_do_too()
    {
        WaferConstants narrow = Cs2 with { IoBytesPerSecond = Cs2.IoBytesPerSecond / 1000 };
        WeightLoad load = WeightLoad.Random(4096, 1024, 1 << 20);

        Assert.Equal(WaferBound.Streaming, WaferModel.FastestProduct(narrow, load, Tokens, WaferPass.Forward).Bound);
        Assert.Equal(WaferBound.Streaming, WaferModel.FastestProduct(Cs2, load, tokens: 64, WaferPass.Forward).Bound);
        Assert.Equal(WaferBound.Compute, WaferModel.FastestProduct(Cs2, load, tokens: 1 << 24, WaferPass.Forward).Bound);
    }

    [Fact]
    public void A_step_is_its_layers_and_systems_share_its_tokens()
    {
        WaferLayer[] layers = [new("a", null, WeightLoad.Random(4096, 1024, 1 << 20)), new("b", null, WeightLoad.Random(1024, 4096, 1 << 20))];

        WaferStep one = WaferModel.Step(Cs2, layers, 1 << 24, systems: 1);
        WaferStep four = WaferModel.Step(Cs2, layers, 1 << 24, systems: 4);

        Assert.Equal(one.Seconds, one.Layers.Sum(layer => layer.Cycles) / Cs2.ClockHertz, 1e-12);
        Assert.Equal(["a", "b"], one.Layers.Select(layer => layer.Name));
        Assert.Equal(3.0 * 2 * (1 << 20) * (1 << 24), one.Layers.Sum(layer => layer.Products.Sum(product => product.Multiplications)));
        Assert.InRange(one.Seconds / four.Seconds, 3, 4);
        Assert.InRange(one.Utilisation, 0.1, 1);
    }

    private static double Cycles(double sparsity) => Product(sparsity, WaferPass.Forward).Cycles;

    private static WaferProduct Product(double sparsity, WaferPass pass) =>
        WaferModel.FastestProduct(Cs2, WeightLoad.Random(Gpt3Hidden, Gpt3Hidden, (long)((1 - sparsity) * Gpt3Hidden * Gpt3Hidden)), Tokens, pass);
}
