using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Normalization by the root of the mean square: layer normalization about zero.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void RmsNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, float epsilon, in DeviceMatrix y, DeviceBuffer<float> inverseRoot) =>
        NormalizeForward<ZeroCenter>(x, weight, bias: null, epsilon, y, mean: null, inverseRoot);

    /// <inheritdoc/>
    private protected override void RmsNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> inverseRoot, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate,
        DeviceBuffer<float> weightGradient) =>
        NormalizeBackward<ZeroCenter>(x, weight, mean: null, inverseRoot, dy, dx, accumulate, weightGradient, biasGradient: null);
}
