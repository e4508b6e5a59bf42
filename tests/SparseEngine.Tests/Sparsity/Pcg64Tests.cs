using SparseEngine.Checkpoints;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Tests.Sparsity;

/// <summary>Expected numbers come from numpy: <c>numpy.random.default_rng(seed)</c>.</summary>
public sealed class Pcg64Tests
{
    [Fact]
    public void The_seed_sequence_gives_numpys_words()
    {
        ulong[] words = new ulong[4];
        SeedSequence.GenerateState(1234, words);
        Assert.Equal([0x5f83044cad3f26a6, 0xa0d9b3700cea3a6f, 0xa8647d8b1e3e7527, 0x687a8e7300372192], words);
    }

    [Fact]
    public void Raw_draws_are_numpys()
    {
        Pcg64 generator = new(1234);
        Assert.Equal(
            [0xfa08fef3fab6bbba, 0x615481f7fce9ac81, 0xec59dd7c2bde3cb4, 0x42fe46521ada3e8e],
            Enumerable.Range(0, 4).Select(_ => generator.NextUInt64()));
    }

    [Fact]
    public void Float32_draws_take_the_low_half_first()
    {
        Pcg64 generator = new(1234);
        float[] draws = new float[8];
        generator.FillSingle(draws);
        Assert.Equal(
            [
                .979350745677948f, .976699709892273f, .9879405498504639f, .380195677280426f,
                .17135977745056152f, .9232462048530579f, .10489261150360107f, .2616924047470093f,
            ],
            draws);
    }

    [Theory]
    [InlineData(new[] { 1, 4, 3 })]
    [InlineData(new[] { 0, 8, 0 })]
    [InlineData(new[] { 3, 3, 2 })]
    [InlineData(new[] { 31, 33, 100, 64 })]
    public void Filling_in_pieces_draws_as_one_by_one(int[] pieces)
    {
        Pcg64 whole = new(7);
        Pcg64 parts = new(7);
        foreach (int piece in pieces)
        {
            float[] draws = new float[piece];
            parts.FillSingle(draws);
            Assert.All(draws, draw => Assert.Equal(whole.NextSingle(), draw));
        }
    }

    [Fact]
    public void Float64_draws_are_numpys()
    {
        Pcg64 generator = new(1234);
        foreach (double expected in (double[])[.9766997666981422, .3801957350196178, .9232462337639554, .2616924238635442])
        {
            Assert.Equal(expected, generator.NextDouble(), 1e-15);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Jumping_ahead_skips_that_many_draws(int draws)
    {
        Pcg64 walked = new(99);
        for (int i = 0; i < draws; i++)
        {
            walked.NextUInt64();
        }

        Pcg64 jumped = new(99);
        jumped.Advance((UInt128)draws);
        Assert.Equal(walked.NextUInt64(), jumped.NextUInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1234)]
    [InlineData(2147483647)]
    [InlineData(1099511627793)]
    public void A_thousand_float32_draws_are_numpys_for_seeds_of_one_word_and_two(long seed)
    {
        using CheckpointReader file = CheckpointReader.Open(TestData.PathOf("masks.safetensors"));
        float[] expected = new float[1000];
        file.Read($"pcg64.{seed}.float32", expected);
        float[] draws = new float[1000];
        new Pcg64(seed).FillSingle(draws);
        Assert.Equal<float>(expected, draws);
    }

    [Theory]
    [InlineData(new long[] { }, 0xdb2cd7e7b0f478be, .8506242f)]
    [InlineData(new long[] { 0, 0 }, 0xdb2cd7e7b0f478be, .8506242f)]
    [InlineData(new long[] { 1234, 0 }, 0x5f83044cad3f26a6, .97935075f)]
    [InlineData(new long[] { 1234, 100 }, 0x5d0aae9a65c74825, .91499394f)]
    [InlineData(new long[] { 5, 1L << 32 }, 0x3bc56ee7d67eb732, .88998455f)]
    [InlineData(new long[] { 1L << 32, 7 }, 0x43bc91ec0f2391d2, .7031582f)]
    [InlineData(new long[] { (1L << 40) + 3, (1L << 33) + 1 }, 0x68f76a27191e60d5, .23141801f)]
    [InlineData(new long[] { long.MaxValue, long.MaxValue }, 0x43c95986eb2487ee, .23004037f)]
    [InlineData(new long[] { 1, 2, 3 }, 0xb45f843fe3d1fc80, .96401554f)]
    [InlineData(new long[] { 1L << 40, 1L << 41, 1L << 42 }, 0xc42778d85f5110f1, .013415337f)]
    [InlineData(new long[] { 1, 2, 3, 4, 5 }, 0xf7e330477eff2afe, .28695112f)]
    public void A_list_of_seeds_is_expanded_as_numpys(long[] seeds, ulong firstWord, float firstDraw)
    {
        ulong[] words = new ulong[1];
        SeedSequence.GenerateState(seeds, words);
        Assert.Equal(firstWord, words[0]);
        Assert.Equal(firstDraw, new Pcg64(seeds).NextSingle());
    }

    [Fact]
    public void A_negative_seed_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pcg64(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pcg64([3, -1]));
    }
}
