using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Layer normalization.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void LayerNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean,
        DeviceBuffer<float> inverseDeviation) =>
        NormalizeForward<MeanCenter>(x, weight, bias, epsilon, y, mean, inverseDeviation);

    /// <inheritdoc/>
    private protected override void LayerNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float>? biasGradient) =>
        NormalizeBackward<MeanCenter>(x, weight, mean, inverseDeviation, dy, dx, accumulate, weightGradient, biasGradient);
}
