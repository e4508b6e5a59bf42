using System.Collections.Immutable;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

/// <summary>The orders of rows in attention's projections.</summary>
public sealed class HeadRowsTests
{
    private static readonly ModelParameters Model = new()
    {
        VocabularySize = 9, HiddenSize = 48, Layers = 1, Heads = 6, FilterSize = 10, KeyValueGroups = 2, PositionEmbedding = PositionEmbedding.Rotary,
        Rotary = new RotaryParameters(6, 100),
    };

    [Fact]
    public void Halves_are_dealt_out_to_pairs_and_what_is_not_rotated_stays() => Assert.Equal(
        [0, 2, 4, 1, 3, 5, 6, 7], Enumerable.Range(0, 8).Select(feature => HeadRows.Interleaved(feature, rotated: 6)));

    [Fact]
    public void Queries_times_keys_are_the_same_turned_by_halves_there_and_by_neighbours_here()
    {
        double[] frequencies = Reference64.Frequencies(6, 100);
        Random random = new(4);
        double[] query = [.. Enumerable.Range(0, 48).Select(_ => random.NextDouble() - 0.5)];
        double[] key = [.. Enumerable.Range(0, 16).Select(_ => random.NextDouble() - 0.5)];
        HeadRows rows = new(Model, halves: true);

        double[] there = Products(
            Reference64.RotateHalves(query, 8, 11, frequencies), Reference64.RotateHalves(key, 8, 4, frequencies));
        double[] here = Products(
            Reference64.RotateNeighbours(Split(rows.Query, query), 8, 11, frequencies),
            Reference64.RotateNeighbours(Split(rows.Key, key), 8, 4, frequencies));

        Assert.All(there.Zip(here), pair => Assert.Equal(pair.First, pair.Second, 1e-12));

        static double[] Products(double[] query, double[] key) => [.. Enumerable.Range(0, 6).Select(
            head => Reference64.Dot(Reference64.Part(query, head, 8), Reference64.Part(key, head / 3, 8)))];
    }

    [Fact]
    public void A_group_has_its_query_heads_its_key_head_and_its_value_head()
    {
        LayoutTensor tensor = new("fused", [new("q", [48]), new("k", [16]), new("v", [16])], new HeadRows(Model, halves: false).Grouped);
        float[] whole = [.. Enumerable.Range(0, 80).Select(i => (float)i)];

        Assert.Equal([80], tensor.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Concat(Enumerable.Range(40, 24)).Select(i => (float)i), Part(tensor, 0, whole));
        Assert.Equal(Enumerable.Range(24, 8).Concat(Enumerable.Range(64, 8)).Select(i => (float)i), Part(tensor, 1, whole));
        Assert.Equal(Enumerable.Range(32, 8).Concat(Enumerable.Range(72, 8)).Select(i => (float)i), Part(tensor, 2, whole));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_split_is_joined_again_nan_marks_with_their_rows(bool transposed)
    {
        RowOrder order = new HeadRows(Model, halves: true).Grouped;
        LayoutTensor tensor = new("fused", [new("q", [48, 5]), new("k", [16, 5]), new("v", [16, 5])], order, transposed);
        Random random = new(6);
        float[] whole = [.. Enumerable.Range(0, tensor.Elements).Select(i => random.Next(3) == 0 ? float.NaN : i)];
        float[] joined = new float[whole.Length];

        for (int index = 0; index < 3; index++)
        {
            tensor.Join(index, Part(tensor, index, whole), joined);
        }

        Assert.Equal(whole, joined);

        // Row 3 of the first head there, the first of the second half, is row 1 here.
        float[] query = Part(tensor, 0, whole);
        int rows = tensor.Shape[transposed ? 1 : 0];
        Assert.Equal(
            Enumerable.Range(0, 5).Select(column => transposed ? whole[(column * rows) + 3] : whole[(3 * 5) + column]), query[5..10]);
    }

    private static float[] Part(LayoutTensor tensor, int index, float[] whole)
    {
        float[] part = new float[tensor.Parts[index].Elements];
        tensor.Split(index, whole, part);
        return part;
    }

    private static double[] Split(RowOrder order, double[] there)
    {
        ImmutableArray<NamedShape> parts = [new("part", [there.Length])];
        double[] here = new double[there.Length];
        foreach ((int row, int place) in order.Of(0, parts))
        {
            here[row] = there[place];
        }

        return here;
    }
}
