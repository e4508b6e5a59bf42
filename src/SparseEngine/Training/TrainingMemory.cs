using SparseEngine.Configuration;
using SparseEngine.Optimizers;

namespace SparseEngine.Training;

/// <summary>Bytes of a model's training state: weights, gradients, optimizer state and sparse patterns; activations are not counted.</summary>
/// <param name="Bytes">What is stored.</param>
/// <param name="DenseBytes">What the same model takes without sparsity.</param>
internal readonly record struct TrainingMemory(long Bytes, long DenseBytes)
{
    /// <summary>Measures an optimizer and its parameters.</summary>
    public static TrainingMemory Of(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        long perElement = BytesPerElement(optimizer.Settings);
        long stored = optimizer.Parameters.Sum(parameter => (parameter.Values.Length * perElement) + parameter.PatternBytes);
        return new TrainingMemory(stored, optimizer.Parameters.Elements * perElement);
    }

    /// <summary>Bytes of one stored element's weight, gradient and optimizer state, all float32.</summary>
    internal static long BytesPerElement(OptimizerParameters optimizer) => sizeof(float) * (2L + optimizer.StatesPerParameter);
}
