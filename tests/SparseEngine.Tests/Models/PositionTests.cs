using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

/// <summary>Angles, slopes and waves of positions, against figures of their papers and of other implementations.</summary>
public class PositionTests
{
    private static readonly ModelParameters Llama3 = TinyModel.Shape with
    {
        PositionEmbedding = PositionEmbedding.Rotary, PositionScalingFactor = 8,
        Rotary = new RotaryParameters(128, Theta: 500000) { Llama3 = new Llama3Scaling(1, 4, 8192) },
    };

    [Theory]
    [InlineData(1, new[] { 0.00390625 })]
    [InlineData(2, new[] { 0.0625, 0.00390625 })]
    [InlineData(4, new[] { 0.25, 0.0625, 0.015625, 0.00390625 })]
    [InlineData(8, new[] { 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625 })]
    [InlineData(3, new[] { 0.0625, 0.00390625, 0.25 })]
    [InlineData(6, new[] { 0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125 })]
    public void Alibis_slopes_are_the_papers(int heads, double[] expected) =>
        Assert.Equal(expected, Enumerable.Range(0, heads).Select(head => AlibiSlopes.Slope(head, heads)));

    [Fact]
    public void Rotary_frequencies_fall_from_one_by_theta() =>
        Assert.Equal(
            [1, 0.1, 0.01, 0.001],
            Enumerable.Range(0, 4).Select(i => Math.Round(Frequency(Llama3 with { Rotary = new(8), PositionScalingFactor = 1 }, i), 12)));

    [Fact]
    public void Linear_scaling_slows_all_frequencies_alike() =>
        Assert.Equal(Frequency(Llama3 with { Rotary = new(8), PositionScalingFactor = 1 }, 3) / 4,
            Frequency(Llama3 with { Rotary = new(8), PositionScalingFactor = 4 }, 3), 15);

    /// <summary>A wave of 2 pi / frequency tokens: below 8192 / 4 it stays, above 8192 it is 8 times as long.</summary>
    [Fact]
    public void Llama_3s_scaling_keeps_short_waves_and_slows_long_ones()
    {
        double[] plain = [.. Enumerable.Range(0, 64).Select(i => Math.Pow(500000, -2.0 * i / 128))];
        double[] scaled = [.. Enumerable.Range(0, 64).Select(i => Frequency(Llama3, i))];
        for (int i = 0; i < 64; i++)
        {
            double wave = 2 * Math.PI / plain[i];
            double smooth = ((8192 / wave) - 1) / 3;
            double expected = wave < 2048 ? plain[i] : wave > 8192 ? plain[i] / 8 : ((1 - smooth) * plain[i] / 8) + (smooth * plain[i]);
            Assert.Equal(expected, scaled[i], 1e-15);
        }

        // 2048 and 8192 tokens lie between these.
        Assert.Equal(plain[28], scaled[28], 1e-15);
        Assert.True(scaled[30] < plain[30] && scaled[30] > plain[30] / 8);
        Assert.Equal(plain[36] / 8, scaled[36], 1e-15);
    }

    [Fact]
    public void Sinusoids_take_turns_and_an_odd_feature_is_zero()
    {
        float[] features = new float[5];
        SinusoidalTable.Fill(features, 3);
        Assert.Equal([(float)Math.Sin(3), (float)Math.Cos(3), (float)Math.Sin(3e-4), (float)Math.Cos(3e-4), 0], features);
    }

    private static double Frequency(ModelParameters model, int i) => RotaryAngles.Frequency(model, i);
}
