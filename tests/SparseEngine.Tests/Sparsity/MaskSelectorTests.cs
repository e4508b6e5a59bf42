using System.Security.Cryptography;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

public sealed class MaskSelectorTests
{
    private static readonly float[] Example = [.. Enumerable.Range(0, 24).Select(k => ((7 * k % 13) - 6) / 8f)];

    [Theory]
    [InlineData(10, 0.25, 8)]
    [InlineData(10, 0.35, 6)]
    [InlineData(10, 0.15, 8)]
    [InlineData(5, 0.9, 1)]
    [InlineData(4, 0.9, 0)]
    [InlineData(7, 0.5, 3)]
    [InlineData(24, 0.3, 17)]
    [InlineData(6, 0.75, 2)]
    [InlineData(100, 0.0, 100)]
    public void Half_of_an_element_rounds_to_even(int total, double sparsity, int kept) =>
        Assert.Equal(kept, MaskSelector.KeptCount(total, sparsity));

    [Theory]
    [InlineData(1234, 0.3, "111101/000110/101111/111101")]
    [InlineData(1234, 0.5, "111001/000010/101011/101001")]
    [InlineData(1234, 0.75, "111001/000000/000001/100000")]
    [InlineData(1238, 0.3, "110001/111011/111110/110110")]
    [InlineData(1238, 0.75, "010001/100000/001000/100100")]
    public void Random_masks_are_the_zoos(int seed, double sparsity, string expected) =>
        Assert.Equal(expected, Show(Select(SparsityMethod.Random, sparsity, seed, Example)));

    [Theory]
    [InlineData(0.3, 412877, "efc90fb867e81c8f")]
    [InlineData(0.5, 294912, "4bc0b49a523a2ff1")]
    [InlineData(0.9, 58982, "4d0c5f3aeea25d11")]
    public void Magnitude_masks_have_the_zoos_hashes(double sparsity, int kept, string expected)
    {
        SparsityMask mask = Select(SparsityMethod.TopK, sparsity, 1238, Spread());
        Assert.Equal(kept, mask.Kept);
        Assert.Equal(expected, Hash(mask));
    }

    [Theory]
    [InlineData(0.25, 1238, 147456, "c5d3580b796a7786")]
    [InlineData(0.25, 1234, 147456, "feb9d2354851732e")]
    [InlineData(0.8, 1238, 0, "a97340454fdb14af")]
    public void Changing_the_level_of_a_magnitude_mask_has_the_zoos_hashes(double sparsity, int seed, int regrown, string expected)
    {
        float[] half = Apply(Spread(), Select(SparsityMethod.TopK, 0.5, 1238, Spread()));
        SparsityMask mask = Select(SparsityMethod.TopK, sparsity, seed, half);
        Assert.Equal(regrown, mask.RegrownCount);
        Assert.Equal(expected, Hash(mask));
    }

    [Theory]
    [InlineData(4, 768, 768, 0.3, "8b03a8bed2495c95")]
    [InlineData(16, 3072, 768, 0.3, "5babc13768a3b552")]
    [InlineData(18, 768, 3072, 0.75, "4c72a9522edfe0d7")]
    [InlineData(20, 768, 768, 0.75, "d49f7bd65f09dc6a")]
    public void Masks_of_gpt2_small_have_the_zoos_hashes(int index, int rows, int columns, double sparsity, string expected)
    {
        float[] weight = new float[rows * columns];
        SparsityMask mask = MaskSelector.Select(
            new WeightSparsity(index, "w", [rows, columns], sparsity, SparsityMethod.Random, 1234, MaskSelector.KeptCount(weight.Length, sparsity)),
            weight);
        Assert.Equal(expected, Hash(mask));
    }

    [Fact]
    public void Raising_and_lowering_the_level_keeps_what_the_zoo_keeps()
    {
        float[] half = Apply(Example, Select(SparsityMethod.Random, 0.5, 1234, Example));
        Assert.Equal("111001/000000/000001/100000", Show(Select(SparsityMethod.Random, 0.75, 1234, half)));
        SparsityMask lowered = Select(SparsityMethod.Random, 0.25, 1234, half);
        Assert.Equal("111011/101011/111011/101011", Show(lowered));
        Assert.Equal([4, 6, 8, 11, 13, 22], lowered.Regrown);
        Assert.Equal("111111/000011/111111/101011", Show(Select(SparsityMethod.Random, 0.25, 99, half)));
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void The_same_level_again_changes_nothing_whatever_the_seed(SparsityMethod method)
    {
        SparsityMask first = Select(method, 0.6, 5, Example);
        SparsityMask again = Select(method, 0.6, 77, Apply(Example, first));
        Assert.Equal(first.Keep, again.Keep);
        Assert.Empty(again.Regrown);
    }

    [Fact]
    public void Equal_scores_go_to_the_lowest_index()
    {
        SparsityMask mask = Select(SparsityMethod.TopK, 0.5, 0, [1, -1, 2, 1, 1, 0]);
        Assert.Equal([true, true, true, false, false, false], mask.Keep);
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void A_higher_level_brings_none_back_and_a_lower_one_drops_none(SparsityMethod method)
    {
        float[] weight = Apply(Spread()[..10_000], Select(method, 0.5, 3, Spread()[..10_000]));
        bool[] half = [.. weight.Select(float.IsFinite)];
        bool[] fewer = Select(method, 0.8, 8, weight).Keep;
        bool[] more = Select(method, 0.2, 8, weight).Keep;
        Assert.All(Enumerable.Range(0, weight.Length), i => Assert.True((half[i] || !fewer[i]) && (more[i] || !half[i])));
    }

    [Fact]
    public void Minus_zero_is_below_zero() => Assert.Equal([false, true, true, false], TopK.Select([-0f, 0f, 1f, -0.5f], 2));

    [Fact]
    public void Infinities_count_as_pruned_like_nan()
    {
        SparsityMask mask = Select(SparsityMethod.TopK, 0.5, 0, [float.PositiveInfinity, 0.1f, float.NaN, 0.2f]);
        Assert.Equal([false, true, false, true], mask.Keep);
    }

    [Fact]
    public void A_level_that_keeps_nothing_keeps_nothing() =>
        Assert.DoesNotContain(true, Select(SparsityMethod.Random, 0.9, 1, [1, 2, 3, 4]).Keep);

    [Fact]
    public void A_mask_puts_NaN_where_nothing_is_kept_and_0_where_something_grows_again()
    {
        float[] weight = [float.NaN, 5, -1, float.PositiveInfinity];
        float[] momentum = [float.NaN, 0.5f, 0.1f, 7];

        SparsityMask dropped = Select(SparsityMethod.TopK, 0.75, 1, weight);
        dropped.Apply(weight);
        dropped.Apply(momentum);
        Assert.Equal([float.NaN, 5, float.NaN, float.NaN], weight);
        Assert.Equal([float.NaN, 0.5f, float.NaN, float.NaN], momentum);

        SparsityMask dense = Select(SparsityMethod.TopK, 0, 1, weight);
        dense.Apply(weight);
        dense.Apply(momentum);
        Assert.Equal([0, 2, 3], dense.Regrown);
        Assert.Equal([0, 5, 0, 0], weight);
        Assert.Equal([0, 0.5f, 0, 0], momentum);
    }

    private static SparsityMask Select(SparsityMethod method, double sparsity, int seed, float[] weight) =>
        MaskSelector.Select(
            new WeightSparsity(0, "w", [weight.Length], sparsity, method, seed, MaskSelector.KeptCount(weight.Length, sparsity)), weight);

    private static float[] Apply(float[] weight, SparsityMask mask) => [.. weight.Select((value, i) => mask.Keep[i] ? value : float.NaN)];

    private static float[] Spread() => [.. Enumerable.Range(0, 768 * 768).Select(k => ((uint)(k * 2654435761L) >> 8) / (float)(1 << 24) - 0.5f)];

    /// <summary>The start of the SHA-256 of numpy's packbits.</summary>
    private static string Hash(SparsityMask mask)
    {
        byte[] bits = new byte[mask.Keep.Length / 8];
        for (int i = 0; i < mask.Keep.Length; i++)
        {
            bits[i / 8] |= (byte)(mask.Keep[i] ? 0x80 >> (i % 8) : 0);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bits))[..16];
    }

    private static string Show(SparsityMask mask) =>
        string.Join('/', mask.Keep.Chunk(6).Select(row => string.Concat(row.Select(keep => keep ? '1' : '0'))));
}
