using SparseEngine.Inference;

namespace SparseEngine.Tests.Inference;

public class TokenSamplerTests
{
    /// <summary>ln 0.1, ln 0.5, ln 0.15, ln 0.25.</summary>
    private static readonly float[] TenFiftyFifteenTwentyFive = [-2.3025851f, -0.6931472f, -1.89712f, -1.3862944f];

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    public void Draws_have_the_softmaxs_frequencies_among_the_top_k(double temperature, int topK)
    {
        float[] logits = [0.5f, 2, -1, 1.5f, 2, 0];
        TokenSampler sampler = new(temperature, topK, topP: 1, seed: 3);
        int[] counts = new int[logits.Length];
        const int Draws = 20000;
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Draw(logits)]++;
        }

        int[] order = [1, 4, 3, 0, 5, 2];
        int[] allowed = temperature == 0 ? order[..1] : topK == 0 ? order : order[..topK];
        double total = allowed.Sum(token => Weight(token));
        for (int token = 0; token < logits.Length; token++)
        {
            double share = allowed.Contains(token) ? Weight(token) / total : 0;
            Assert.Equal(share, counts[token] / (double)Draws, 4 * Math.Sqrt(share * (1 - share) / Draws) + 1e-12);
        }

        double Weight(int token) => temperature == 0 ? 1 : Math.Exp(logits[token] / temperature);
    }

    /// <summary>With a temperature of 2 the probabilities are 0.370, 0.262, 0.203 and 0.166; the two likeliest alone have 2/3 and 1/3.</summary>
    [Theory]
    [InlineData(1, 0, 1, new[] { 1, 3, 2, 0 })]
    [InlineData(1, 0, 0.95, new[] { 1, 3, 2, 0 })]
    [InlineData(1, 0, 0.89, new[] { 1, 3, 2 })]
    [InlineData(1, 0, 0.74, new[] { 1, 3 })]
    [InlineData(1, 0, 0.49, new[] { 1 })]
    [InlineData(1, 0, 0.0001, new[] { 1 })]
    [InlineData(2, 0, 0.74, new[] { 1, 3, 2 })]
    [InlineData(2, 0, 0.49, new[] { 1, 3 })]
    [InlineData(1, 2, 0.6, new[] { 1 })]
    [InlineData(1, 2, 0.74, new[] { 1, 3 })]
    [InlineData(1, 1, 1, new[] { 1 })]
    [InlineData(0, 0, 1, new[] { 1 })]
    public void Draws_come_from_the_nucleus_of_the_top_k_at_the_temperature(double temperature, int topK, double topP, int[] nucleus)
    {
        TokenSampler sampler = new(temperature, topK, topP, seed: 3);
        const int Draws = 20000;
        int[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => sampler.Draw(TenFiftyFifteenTwentyFive))];

        double total = nucleus.Sum(Weight);
        Assert.Equal(nucleus.Order(), drawn.Distinct().Order());
        foreach (int token in nucleus)
        {
            double share = Weight(token) / total;
            Assert.Equal(share, drawn.Count(draw => draw == token) / (double)Draws, (4 * Math.Sqrt(share * (1 - share) / Draws)) + 1e-12);
        }

        double Weight(int token) => temperature == 0 ? 1 : Math.Exp(TenFiftyFifteenTwentyFive[token] / temperature);
    }

    [Theory]
    [InlineData(0.25, 1)]
    [InlineData(0.26, 2)]
    [InlineData(0.5, 2)]
    [InlineData(0.75, 3)]
    [InlineData(0.76, 4)]
    public void A_nucleus_ends_where_it_reaches_its_probability_exactly(double topP, int tokens)
    {
        TokenSampler sampler = new(temperature: 1, topK: 0, topP, seed: 1);

        Assert.Equal(Enumerable.Range(0, tokens), Enumerable.Range(0, 500).Select(_ => sampler.Draw([7, 7, 7, 7])).Distinct().Order());
    }
}
