using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>What a normalization's backward pass needs of its forward pass.</summary>
/// <param name="Mean">Each token's mean [tokens]; null where the normalization takes none.</param>
/// <param name="InverseDeviation">One over each token's deviation, or root of its mean square [tokens].</param>
internal sealed record NormStatistics(DeviceBuffer<float>? Mean, DeviceBuffer<float> InverseDeviation);

/// <summary>Normalization of each token over its features. x, y [features, tokens].</summary>
internal abstract class Normalization
{
    /// <summary>The normalization whose scale is <paramref name="name"/>.weight.</summary>
    public static Normalization Create(ComputeDevice device, ParameterSet parameters, string name, NormKind kind, double epsilon) => kind switch
    {
        NormKind.LayerNorm or NormKind.BiaslessLayerNorm => new LayerNorm(device, parameters, name, (float)epsilon),
        NormKind.RmsNorm => new RmsNorm(device, parameters, name, (float)epsilon),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown normalization"),
    };

    /// <summary>Declares a scale and, for layer normalization, a bias [features].</summary>
    public static void Declare(ParameterList parameters, string name, NormKind kind, int features)
    {
        parameters.Add($"{name}.weight", ParameterRole.Scale, InitializerParameters.Constant(1), features);
        if (kind == NormKind.LayerNorm)
        {
            parameters.Add($"{name}.bias", ParameterRole.Bias, InitializerParameters.Constant(0), features);
        }
    }

    /// <summary>What a pass keeps for the backward pass.</summary>
    public static NormStatistics Allocate(ActivationStore store, NormKind kind) =>
        new(kind == NormKind.RmsNorm ? null : store.Vector(store.Tokens), store.Vector(store.Tokens));

    /// <summary>y from x.</summary>
    public abstract void Forward(in DeviceMatrix x, in DeviceMatrix y, NormStatistics statistics);

    /// <summary>Adds to the gradients of scale and bias; writes dx, or adds to it with <paramref name="accumulate"/>.</summary>
    public abstract void Backward(in DeviceMatrix x, NormStatistics statistics, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate);
}
