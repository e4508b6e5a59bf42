using SparseEngine.Benchmarks.Scaling;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Benchmarks.Tests;

public class GradientStreamTests
{
    private const long Bucket = GradientStream.BucketBytes;

    private static readonly StepSize Size = StepSize.All[0];

    [Fact]
    public void A_bucket_is_ready_with_the_last_of_what_is_in_it()
    {
        GradientStream stream = GradientStream.Cut([(0.25, Bucket / 2), (0.5, 2 * Bucket), (1, 3)]);

        Assert.Equal([new(0.25, 0.5, Bucket), new(0.5, 0.5, Bucket), new GradientBucket(0.5, 1, (Bucket / 2) + 3)], stream.Buckets);
    }

    [Fact]
    public void A_dense_model_sends_all_its_parameters_once()
    {
        GradientStream stream = GradientStream.Of(Size.Model, Size.Plan(0), Size.Sequence);

        Assert.Equal(sizeof(float) * GptArchitecture.Parameters(Size.Model).Sum(parameter => parameter.Elements), stream.Bytes);
    }

    [Theory]
    [InlineData(75)]
    [InlineData(90)]
    public void A_sparse_model_sends_what_it_stores(int zeros)
    {
        long dense = GradientStream.Of(Size.Model, Size.Plan(0), Size.Sequence).Bytes;

        GradientStream stream = GradientStream.Of(Size.Model, Size.Plan(zeros), Size.Sequence);

        Assert.Equal(sizeof(float) * Size.Stored(zeros), stream.Bytes);
        Assert.Equal(sizeof(float) * Size.Plan(zeros).Weights.Sum(weight => weight.Total - weight.Kept), dense - stream.Bytes);
    }

    /// <summary>Layers are alike, and the head of so few words is no work: a layer's last bytes are there after its share of the pass.</summary>
    [Fact]
    public void Buckets_are_ready_layer_by_layer_and_the_table_at_the_end()
    {
        GradientStream stream = GradientStream.Of(Size.Model, Size.Plan(0), Size.Sequence);
        double[] ready = [.. stream.Buckets.Select(bucket => bucket.ReadyAfter)];

        Assert.Equal(ready.Order(), ready);
        Assert.InRange(ready[0], 0.25, 0.3);
        Assert.Equal(1, ready[^1], 1e-9);
        Assert.Equal(Size.Layers, ready.Select(share => Math.Round(share, 9)).Distinct().Count());
    }

    [Fact]
    public void An_untied_head_is_ready_before_the_layers()
    {
        ModelParameters untied = Size.Model with { VocabularySize = 1 << 16, ShareEmbeddingWeights = false };

        GradientStream stream = GradientStream.Of(untied, Size.Plan(0), Size.Sequence);

        Assert.True(stream.Buckets.Count(bucket => bucket.ReadyAfter == stream.Buckets[0].ReadyAfter) * Bucket > 0.9 * 4 * 512 * (1 << 16));
        Assert.InRange(stream.Buckets[0].ReadyAfter, 0.5, 0.9);
    }
}
