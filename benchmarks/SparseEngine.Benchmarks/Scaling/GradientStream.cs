using System.Collections.Immutable;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.DataParallel;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>A part of the gradients that is sent at once.</summary>
/// <param name="FilledFrom">The share of the backward pass after which the first of it is there: 0 to 1.</param>
/// <param name="ReadyAfter">The share of the backward pass after which all of it is there.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct GradientBucket(double FilledFrom, double ReadyAfter, long Bytes);

/// <summary>
/// What a rank sends in a step: the gradients of what is stored, in the order in which the backward pass has them, cut into buckets.
/// </summary>
/// <param name="Buckets">The buckets, in that order.</param>
internal sealed record GradientStream(ImmutableArray<GradientBucket> Buckets)
{
    /// <summary>Bytes of a full bucket.</summary>
    public const long BucketBytes = sizeof(float) * (long)GradientExchange.BucketLength;

    /// <summary>Bytes of all.</summary>
    public long Bytes => Buckets.Sum(bucket => bucket.Bytes);

    /// <summary>The stream of a model. Layers take shares of the backward pass as they take FLOPs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    public static GradientStream Of(ModelParameters model, SparsityPlan plan, int sequence)
    {
        ImmutableArray<LayerFlops> flops = LayerFlops.OfForwardPass(model, plan, 1, sequence);
        Dictionary<string, long> kept = plan.Weights.ToDictionary(weight => weight.Name, weight => weight.Kept, StringComparer.Ordinal);
        ImmutableArray<ParameterDefinition> parameters = GptArchitecture.Parameters(model);
        double all = flops.Sum(layer => layer.ExecutedForward);
        double done = Work(null);
        List<(double Ready, long Bytes)> stages = [(done / all, Stored(parameter => parameter.Layer is null && !IsEmbedding(parameter)))];
        for (int layer = model.Layers - 1; layer >= 0; layer--)
        {
            done += Work(layer);
            stages.Add((done / all, Stored(parameter => parameter.Layer == layer)));
        }

        // A tied head's gradient is the table's, which is complete when the tokens' is.
        stages.Add((1, Stored(IsEmbedding)));
        return Cut(stages);

        double Work(int? layer) => flops.Where(part => part.Layer == layer).Sum(part => part.ExecutedForward);
        long Stored(Func<ParameterDefinition, bool> belongs) =>
            sizeof(float) * parameters.Where(belongs).Sum(parameter => kept.GetValueOrDefault(parameter.Name, parameter.Elements));
    }

    /// <summary>Cuts a stream into buckets, each ready with the last of what is in it.</summary>
    /// <param name="stages">What becomes ready when, in order.</param>
    public static GradientStream Cut(IEnumerable<(double Ready, long Bytes)> stages)
    {
        ImmutableArray<GradientBucket>.Builder buckets = ImmutableArray.CreateBuilder<GradientBucket>();
        GradientBucket filling = default;
        foreach ((double ready, long bytes) in stages)
        {
            for (long left = bytes; left > 0;)
            {
                long added = Math.Min(left, BucketBytes - filling.Bytes);
                filling = new GradientBucket(filling.Bytes == 0 ? ready : filling.FilledFrom, ready, filling.Bytes + added);
                left -= added;
                if (filling.Bytes == BucketBytes)
                {
                    buckets.Add(filling);
                    filling = default;
                }
            }
        }

        if (filling.Bytes > 0)
        {
            buckets.Add(filling);
        }

        return new GradientStream(buckets.ToImmutable());
    }

    private static bool IsEmbedding(ParameterDefinition parameter) => parameter.Role == ParameterRole.Embedding;
}
