using System.Text.Json;
using SparseEngine.Metrics;
using SparseEngine.Models;

namespace SparseEngine.Checkpoints;

/// <summary>Tells the weights of a model that diverged from sparse ones, as they pass.</summary>
/// <remarks>
/// NaN marks a sparse place of a linear layer's weight, and is a fault in embeddings, normalizations and biases, which are never sparse. So it is
/// in all of a weight, unless the checkpoint says that its sparsity keeps nothing of it. An infinity is one everywhere.
/// </remarks>
/// <param name="path">The checkpoint.</param>
/// <param name="mayBeEmpty">Whether all of a weight may be NaN.</param>
internal sealed class Divergence(string path, Func<string, bool> mayBeEmpty)
{
    /// <summary>The checkpoint's metadata key with the names, as JSON, of weights of which a sparsity very close to 1 keeps nothing.</summary>
    public const string EmptyWeightsKey = "sparsity.empty";

    private long nans;
    private long infinities;
    private int tensors;
    private int diverged;
    private string? first;

    /// <summary>All NaN so far, sparse places and faults.</summary>
    public long NaNs { get; private set; }

    /// <summary>For the weights of a checkpoint, of which those may be empty that it names.</summary>
    public static Divergence Of(CheckpointReader reader) =>
        new(reader.Path, EmptyWeights(reader.Metadata).ToHashSet(StringComparer.Ordinal).Contains);

    /// <summary>The weights of which a checkpoint says that nothing is kept.</summary>
    public static IReadOnlyList<string> EmptyWeights(IReadOnlyDictionary<string, string> metadata)
    {
        try
        {
            return metadata.TryGetValue(EmptyWeightsKey, out string? json) ? JsonSerializer.Deserialize<string[]>(json) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>A checkpoint's texts with the weights named of which nothing is kept; without any where there are none.</summary>
    public static IReadOnlyDictionary<string, string> WithEmptyWeights(
        IReadOnlyDictionary<string, string> metadata, IReadOnlyCollection<string> names)
    {
        Dictionary<string, string> texts = new(metadata, StringComparer.Ordinal);
        texts.Remove(EmptyWeightsKey);
        if (names.Count > 0)
        {
            texts.Add(EmptyWeightsKey, JsonSerializer.Serialize(names));
        }

        return texts;
    }

    /// <summary>Looks at a parameter's elements.</summary>
    public void Add(ParameterDefinition parameter, ReadOnlySpan<float> values)
    {
        ElementCounts counts = ElementCounts.Of(values);
        NaNs += counts.NaNs;
        tensors++;
        bool mayBeNaN = parameter.CanBeSparse && (counts.NaNs < counts.Elements || mayBeEmpty(parameter.Name));
        if (counts.Infinities > 0 || (counts.NaNs > 0 && !mayBeNaN))
        {
            nans += mayBeNaN ? 0 : counts.NaNs;
            infinities += counts.Infinities;
            diverged++;
            first ??= parameter.Name;
        }
    }

    /// <summary>Refuses what was looked at where it diverged.</summary>
    /// <exception cref="CheckpointException">It did.</exception>
    public void ThrowIfAny()
    {
        if (first is null)
        {
            return;
        }

        string found = nans == 0 ? $"{Quantity.Count(infinities)} infinite"
            : infinities == 0 ? $"{Quantity.Count(nans)} NaN"
            : $"{Quantity.Count(nans)} NaN and {Quantity.Count(infinities)} infinite";
        throw new CheckpointException(
            $"{path}: its model has diverged: {found} values that are no sparse places, "
            + $"in {diverged} of {Quantity.Count(tensors, "parameter")}, first {first}; "
            + "take a checkpoint from before that (inspect shows what one holds)");
    }
}
