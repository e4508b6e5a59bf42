using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What a normalization's backward pass needs of its forward pass: each token's mean and inverse deviation [tokens].</summary>
internal sealed record NormStatistics(DeviceBuffer<float> Mean, DeviceBuffer<float> InverseDeviation);

/// <summary>Layer normalization of each token over its features. x, y [features, tokens].</summary>
internal sealed class LayerNorm(ComputeDevice device, ParameterSet parameters, string name, double epsilon)
{
    private readonly Parameter weight = parameters[$"{name}.weight"];
    private readonly Parameter bias = parameters[$"{name}.bias"];

    /// <summary>Declares a scale and a bias [features].</summary>
    public static void Declare(ParameterList parameters, string name, int features)
    {
        parameters.Add($"{name}.weight", ParameterRole.Scale, InitializerParameters.Constant(1), features);
        parameters.Add($"{name}.bias", ParameterRole.Bias, InitializerParameters.Constant(0), features);
    }

    /// <summary>What a pass keeps for the backward pass.</summary>
    public static NormStatistics Allocate(ActivationStore store) => new(store.Vector(store.Tokens), store.Vector(store.Tokens));

    /// <summary>y = weight (x - mean) / sqrt(variance + epsilon) + bias.</summary>
    public void Forward(in DeviceMatrix x, in DeviceMatrix y, NormStatistics statistics) =>
        device.LayerNormForward(x, weight.Values, bias.Values, (float)epsilon, y, statistics.Mean, statistics.InverseDeviation);

    /// <summary>Adds to the gradients of weight and bias; writes dx, or adds to it with <paramref name="accumulate"/>.</summary>
    public void Backward(in DeviceMatrix x, NormStatistics statistics, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate) =>
        device.LayerNormBackward(
            x, weight.Values, statistics.Mean, statistics.InverseDeviation, dy, dx, accumulate, weight.Gradient, bias.Gradient);
}
