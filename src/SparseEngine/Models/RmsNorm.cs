using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Normalization by the root of the mean square: y = weight x / sqrt(mean(x^2) + epsilon).</summary>
internal sealed class RmsNorm(ComputeDevice device, ParameterSet parameters, string name, float epsilon) : Normalization
{
    private readonly Parameter weight = parameters[$"{name}.weight"];

    /// <inheritdoc/>
    public override void Forward(in DeviceMatrix x, in DeviceMatrix y, NormStatistics statistics) =>
        device.RmsNormForward(x, weight.Values, epsilon, y, statistics.InverseDeviation);

    /// <inheritdoc/>
    public override void Backward(in DeviceMatrix x, NormStatistics statistics, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate) =>
        device.RmsNormBackward(x, weight.Values, statistics.InverseDeviation, dy, dx, accumulate, weight.Gradient);
}
