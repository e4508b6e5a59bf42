using System.Collections.Immutable;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>How many elements there are, and how many of them are no numbers.</summary>
/// <param name="Elements">All of them.</param>
/// <param name="NaNs">Those that are NaN, the mark of sparse places.</param>
/// <param name="Infinities">Those that are infinite.</param>
public readonly record struct ElementCounts(long Elements, long NaNs, long Infinities)
{
    /// <summary>Those NaN that mark places which were alive earlier in a run whose masks move.</summary>
    public long Lived { get; init; }

    /// <summary>The share of NaN, in [0, 1]; 0 where there are no elements.</summary>
    public double Sparsity => Elements == 0 ? 0 : (double)NaNs / Elements;

    /// <summary>The share that was alive at any time of the run, in [0, 1]; null where no dead place has the mark of one that has lived.</summary>
    public double? EverAlive => Lived == 0 ? null : (double)(Elements - NaNs + Lived) / Elements;

    /// <summary>Counts the elements of a tensor.</summary>
    public static ElementCounts Of(ReadOnlySpan<float> values)
    {
        long nans = 0;
        long infinities = 0;
        foreach (float value in values)
        {
            nans += float.IsNaN(value) ? 1 : 0;
            infinities += float.IsInfinity(value) ? 1 : 0;
        }

        return new ElementCounts(values.Length, nans, infinities) { Lived = LivedPlaces.CountMarks(values) };
    }

    /// <summary>The counts of several tensors together.</summary>
    public static ElementCounts Sum(IEnumerable<InspectedTensor> tensors) => tensors.Aggregate(
        default(ElementCounts),
        (sum, tensor) => new(sum.Elements + tensor.Counts.Elements, sum.NaNs + tensor.Counts.NaNs, sum.Infinities + tensor.Counts.Infinities)
        {
            Lived = sum.Lived + tensor.Counts.Lived,
        });
}

/// <summary>One tensor of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="DataType">What its elements are stored as, by numpy's name of it.</param>
/// <param name="Counts">Its elements.</param>
public sealed record InspectedTensor(string Name, ImmutableArray<int> Shape, string DataType, ElementCounts Counts)
{
    /// <summary>Whether it is a parameter, not of the optimizer's state.</summary>
    public bool IsParameter => !OptimizerStateName.IsOptimizers(Name);
}

/// <summary>What a checkpoint holds, every element of it looked at and every checksum checked.</summary>
/// <param name="Path">The file, as given.</param>
/// <param name="State">Where the run stood; null in a file that does not say.</param>
/// <param name="Metadata">The texts beside the tensors.</param>
/// <param name="Tensors">The tensors in the file's order.</param>
public sealed record CheckpointInspection(
    string Path, TrainingState? State, IReadOnlyDictionary<string, string> Metadata, ImmutableArray<InspectedTensor> Tensors)
{
    /// <summary>The tensors that are parameters.</summary>
    public IEnumerable<InspectedTensor> Parameters => Tensors.Where(tensor => tensor.IsParameter);

    /// <summary>The tensors of the optimizer.</summary>
    public IEnumerable<InspectedTensor> OptimizerState => Tensors.Where(tensor => !tensor.IsParameter);

    /// <summary>Looks at all tensors of a checkpoint, one at a time.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public static CheckpointInspection Of(CheckpointReader checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        float[] buffer = new float[checkpoint.Names.Select(checkpoint.Elements).DefaultIfEmpty().Max()];
        ImmutableArray<InspectedTensor>.Builder tensors = ImmutableArray.CreateBuilder<InspectedTensor>(checkpoint.Names.Count);
        foreach (string name in checkpoint.Names)
        {
            Span<float> values = buffer.AsSpan(0, checkpoint.Elements(name));
            checkpoint.Read(name, values);
            tensors.Add(new InspectedTensor(name, checkpoint.Shape(name), checkpoint.DataType(name), ElementCounts.Of(values)));
        }

        return new CheckpointInspection(checkpoint.Path, checkpoint.State, checkpoint.Metadata, tensors.MoveToImmutable());
    }
}
