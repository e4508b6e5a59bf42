using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Layer normalization: y = weight (x - mean) / sqrt(variance + epsilon) + bias, or without a bias.</summary>
internal sealed class LayerNorm(ComputeDevice device, ParameterSet parameters, string name, float epsilon) : Normalization
{
    private readonly Parameter weight = parameters[$"{name}.weight"];
    private readonly Parameter? bias = parameters.Find($"{name}.bias");

    /// <inheritdoc/>
    public override void Forward(in DeviceMatrix x, in DeviceMatrix y, NormStatistics statistics) =>
        device.LayerNormForward(x, weight.Values, bias?.Values, epsilon, y, statistics.Mean!, statistics.InverseDeviation);

    /// <inheritdoc/>
    public override void Backward(in DeviceMatrix x, NormStatistics statistics, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate) =>
        device.LayerNormBackward(
            x, weight.Values, statistics.Mean!, statistics.InverseDeviation, dy, dx, accumulate, weight.Gradient, bias?.Gradient);
}
