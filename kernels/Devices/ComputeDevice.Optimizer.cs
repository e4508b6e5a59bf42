using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>Sums of a step, clipping, and the updates of the weights.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Adds all elements to <paramref name="sum"/>, in a fixed order.</summary>
    public void AddSum(DeviceBuffer<float> values, DeviceSum sum)
    {
        ArgumentNullException.ThrowIfNull(values);
        long start = Begin();
        AddSumCore(values, sum);
        Done()?.Add("sum", OperationKind.Other, start, 0, (values.Length, 0, 0));
    }

    /// <summary>
    /// Adds the squares of all elements to <paramref name="sum"/>, in a fixed order: a parameter's part of the squared global norm.
    /// </summary>
    public void AddSumOfSquares(DeviceBuffer<float> values, DeviceSum sum)
    {
        ArgumentNullException.ThrowIfNull(values);
        long start = Begin();
        AddSumOfSquaresCore(values, sum);
        Done()?.Add("gradient norm", OperationKind.Other, start, 0, (values.Length, 0, 0));
    }

    /// <summary>
    /// Decides what the updates of a step multiply their gradients by: min(1, maximum / (norm + 1e-6)), or that they do not take place.
    /// </summary>
    /// <param name="arguments">The maximum, and whether a loss or norm that is not finite refuses this update and all later ones.</param>
    /// <param name="loss">The step's summed loss.</param>
    /// <param name="squaredNorm">The square of the global norm of the gradients.</param>
    /// <param name="scale">Receives the decision; one that refused stays as it is.</param>
    public void ClipByGlobalNorm(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale)
    {
        ArgumentNullException.ThrowIfNull(scale);
        long start = Begin();
        ClipByGlobalNormCore(arguments, loss, squaredNorm, scale);
        Done()?.Add("clip", OperationKind.Other, start, 0, default);
    }

    /// <summary>
    /// One update of Adam or AdamW: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr (Correction m / (sqrt(v) + eps) + decay w).
    /// </summary>
    /// <remarks>g is the gradient times <paramref name="scale"/>. Where that refuses updates, nothing changes.</remarks>
    public void AdamStep(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment,
        DeviceBuffer<float> secondMoment)
    {
        ArgumentNullException.ThrowIfNull(scale);
        ArgumentNullException.ThrowIfNull(weight);
        RequireLength(gradient, weight.Length);
        RequireLength(firstMoment, weight.Length);
        RequireLength(secondMoment, weight.Length);
        long start = Begin();
        AdamStepCore(arguments, scale, weight, gradient, firstMoment, secondMoment);
        Done()?.Add("optimizer", OperationKind.Other, start, 0, (weight.Length, 0, 0));
    }

    /// <summary>One update of stochastic gradient descent; <paramref name="velocity"/> is null where there is no momentum.</summary>
    /// <remarks>The gradient is multiplied by <paramref name="scale"/> first. Where that refuses updates, nothing changes.</remarks>
    public void SgdStep(
        in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity)
    {
        ArgumentNullException.ThrowIfNull(scale);
        ArgumentNullException.ThrowIfNull(weight);
        RequireLength(gradient, weight.Length);
        if (velocity is not null)
        {
            RequireLength(velocity, weight.Length);
        }

        long start = Begin();
        SgdStepCore(arguments, scale, weight, gradient, velocity);
        Done()?.Add("optimizer", OperationKind.Other, start, 0, (weight.Length, 0, 0));
    }

    private protected abstract void AddSumCore(DeviceBuffer<float> values, DeviceSum sum);

    private protected abstract void AddSumOfSquaresCore(DeviceBuffer<float> values, DeviceSum sum);

    private protected abstract void ClipByGlobalNormCore(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale);

    private protected abstract void AdamStepCore(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment,
        DeviceBuffer<float> secondMoment);

    private protected abstract void SgdStepCore(
        in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity);
}
