using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>Normalization.</content>
public abstract partial class ComputeDevice
{
    /// <summary>
    /// Layer normalization of each token over its features (Ba, Kiros and Hinton, 2016): y = weight (x - mean) / sqrt(variance + epsilon) + bias.
    /// </summary>
    /// <param name="x">Input [features, tokens].</param>
    /// <param name="weight">[features].</param>
    /// <param name="bias">[features]; null for none.</param>
    /// <param name="epsilon">Added to the (biased) variance.</param>
    /// <param name="y">Output [features, tokens].</param>
    /// <param name="mean">Receives each token's mean [tokens], for the backward pass.</param>
    /// <param name="inverseDeviation">Receives each token's 1 / sqrt(variance + epsilon) [tokens].</param>
    public void LayerNormForward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean,
        DeviceBuffer<float> inverseDeviation)
    {
        RequireActivations(x);
        RequireLength(weight, x.Rows);
        if (bias is not null)
        {
            RequireLength(bias, x.Rows);
        }

        RequireActivations(y, x.Rows, x.Columns);
        RequireLength(mean, x.Columns);
        RequireLength(inverseDeviation, x.Columns);
        long start = Begin();
        LayerNormForwardCore(x, weight, bias, epsilon, y, mean, inverseDeviation);
        Done()?.Add("LayerNorm", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>
    /// Gradients of <see cref="LayerNormForward"/>: weightGradient and biasGradient are added to; dx, which may be dy, is written, or added to with
    /// <paramref name="accumulate"/>. Without a bias biasGradient is null.
    /// </summary>
    public void LayerNormBackward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float>? biasGradient)
    {
        RequireActivations(x);
        RequireLength(weight, x.Rows);
        RequireLength(mean, x.Columns);
        RequireLength(inverseDeviation, x.Columns);
        RequireActivations(dy, x.Rows, x.Columns);
        RequireActivations(dx, x.Rows, x.Columns);
        RequireLength(weightGradient, x.Rows);
        if (biasGradient is not null)
        {
            RequireLength(biasGradient, x.Rows);
        }

        long start = Begin();
        LayerNormBackwardCore(x, weight, mean, inverseDeviation, dy, dx, accumulate, weightGradient, biasGradient);
        Done()?.Add("LayerNorm gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>
    /// Normalization of each token by the root of its features' mean square (Zhang and Sennrich, 2019): y = weight x / sqrt(mean(x^2) + epsilon).
    /// </summary>
    /// <param name="x">Input [features, tokens].</param>
    /// <param name="weight">[features].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y">Output [features, tokens].</param>
    /// <param name="inverseRoot">Receives each token's 1 / sqrt(mean(x^2) + epsilon) [tokens], for the backward pass.</param>
    public void RmsNormForward(in DeviceMatrix x, DeviceBuffer<float> weight, float epsilon, in DeviceMatrix y, DeviceBuffer<float> inverseRoot)
    {
        RequireActivations(x);
        RequireLength(weight, x.Rows);
        RequireActivations(y, x.Rows, x.Columns);
        RequireLength(inverseRoot, x.Columns);
        long start = Begin();
        RmsNormForwardCore(x, weight, epsilon, y, inverseRoot);
        Done()?.Add("RMSNorm", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>
    /// Gradients of <see cref="RmsNormForward"/>: weightGradient is added to; dx, which may be dy, is written, or added to with
    /// <paramref name="accumulate"/>.
    /// </summary>
    public void RmsNormBackward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> inverseRoot, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate,
        DeviceBuffer<float> weightGradient)
    {
        RequireActivations(x);
        RequireLength(weight, x.Rows);
        RequireLength(inverseRoot, x.Columns);
        RequireActivations(dy, x.Rows, x.Columns);
        RequireActivations(dx, x.Rows, x.Columns);
        RequireLength(weightGradient, x.Rows);
        long start = Begin();
        RmsNormBackwardCore(x, weight, inverseRoot, dy, dx, accumulate, weightGradient);
        Done()?.Add("RMSNorm gradient", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    private protected abstract void LayerNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean,
        DeviceBuffer<float> inverseDeviation);

    private protected abstract void LayerNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float>? biasGradient);

    private protected abstract void RmsNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, float epsilon, in DeviceMatrix y, DeviceBuffer<float> inverseRoot);

    private protected abstract void RmsNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> inverseRoot, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate,
        DeviceBuffer<float> weightGradient);
}
