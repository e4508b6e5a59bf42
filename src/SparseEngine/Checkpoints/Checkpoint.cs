using System.Collections.Immutable;

namespace SparseEngine.Checkpoints;

/// <summary>A named dense tensor of a checkpoint, float32, row-major, NaN at sparse places.</summary>
/// <param name="Name">A parameter's name, or <c>optimizer.state.{parameter}.exp_avg</c> and so on.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Fill">Writes the elements; called while the checkpoint is written, so that only one dense copy exists at a time.</param>
internal sealed record TensorWriter(string Name, ImmutableArray<int> Shape, Action<Span<float>> Fill)
{
    /// <summary>Writes the elements from one on, as many as there is room for; null where they come all at once.</summary>
    internal Action<int, Span<float>>? FillFrom { get; init; }

    /// <summary>A tensor of another checkpoint, as it is there.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="stop">Ends the writing before it is read.</param>
    internal static TensorWriter CopyOf(CheckpointReader checkpoint, string name, CancellationToken stop) =>
        new(name, checkpoint.Shape(name), dense =>
        {
            stop.ThrowIfCancellationRequested();
            checkpoint.Read(name, dense);
        });

    /// <summary>The number of elements; 1 for a scalar.</summary>
    internal int Elements => Shape.Contains(0) ? 0 : Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>The elements of a row: of one place of the first dimension.</summary>
    internal int RowElements => Elements / Shape[0];
}

/// <summary>Where a run stood when its checkpoint was written. With the tensors, all that an unbroken continuation needs.</summary>
/// <param name="Step">Optimizer steps done since the first of the first run.</param>
/// <param name="SamplesConsumed">Training samples used so far: the data position; null in a file of the Model Zoo, which does not say.</param>
/// <param name="Seed">The run's seed, of which dropout draws are a function, as of the step; null where the file does not say.</param>
/// <param name="ShuffleSeed">The seed of the data order; null where the file does not say.</param>
public sealed record TrainingState(int Step, long? SamplesConsumed, int? Seed, int? ShuffleSeed);

/// <summary>A checkpoint cannot be read or written: one line naming the file and what is wrong.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the error.</summary>
    public CheckpointException(string message, Exception? inner = null)
        : base(OneLine.Of(message), inner)
    {
    }
}
