using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Tests.Host;

public class PhiloxTests
{
    /// <summary>The known answers of Random123 1.14, kat_vectors: philox4x32, 10 rounds.</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(
        uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Draws_are_the_published_ones(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x, uint y, uint z, uint w) =>
        Assert.Equal((x, y, z, w), Philox.Draw(c0, c1, c2, c3, k0, k1));

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(6ul)]
    [InlineData(0x3_FFFF_FFFEul)]
    public void A_stream_gives_the_words_of_consecutive_counters(ulong firstElement)
    {
        DropoutKey key = new(Seed: 1, Step: 0x2_0000_0003, Site: 4);
        PhiloxStream stream = new(key, firstElement);
        for (ulong element = firstElement; element < firstElement + 9; element++)
        {
            ulong counter = element / 4;
            (uint x, uint y, uint z, uint w) = Philox.Draw((uint)counter, (uint)(counter >> 32), 3, 2, 1, 4);
            Assert.Equal(new[] { x, y, z, w }[element % 4], stream.Next());
        }
    }

    [Theory]
    [InlineData(0f, 0u)]
    [InlineData(1e-9f, 5u)]
    [InlineData(0.25f, 0x4000_0000u)]
    [InlineData(0.5f, 0x8000_0000u)]
    [InlineData(0.99999994f, 0xFFFF_FF00u)]
    public void The_threshold_is_the_rates_share_of_all_draws(float rate, uint threshold) => Assert.Equal(threshold, Philox.DropThreshold(rate));
}
