using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>
/// One normalization for every head of queries or keys, each over its own features (Henry et al., 2020). x, y [heads x headSize, tokens].
/// </summary>
internal sealed class HeadNorm(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name)
{
    private readonly Normalization norm = Normalization.Create(device, parameters, name, model.QueryKeyNorm!.Value, model.QueryKeyNormEpsilon);

    /// <summary>The normalization of that name, where the model has one.</summary>
    public static HeadNorm? Find(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name) =>
        model.QueryKeyNorm is null ? null : new HeadNorm(device, model, parameters, name);

    /// <summary>Declares a scale, and what else the normalization has [headSize].</summary>
    public static void Declare(ParameterList parameters, ModelParameters model, string name)
    {
        if (model.QueryKeyNorm is { } kind)
        {
            Normalization.Declare(parameters, name, kind, model.HeadSize);
        }
    }

    /// <summary>What a pass keeps of each head for the backward pass.</summary>
    public static ImmutableArray<NormStatistics> Allocate(ActivationStore store, ModelParameters model, int heads) => model.QueryKeyNorm is { } kind
        ? [.. Enumerable.Range(0, heads).Select(_ => Normalization.Allocate(store, kind))]
        : [];

    /// <summary>y from x.</summary>
    public void Forward(in DeviceMatrix x, in DeviceMatrix y, ImmutableArray<NormStatistics> statistics)
    {
        for (int head = 0; head < statistics.Length; head++)
        {
            norm.Forward(Head(x, head), Head(y, head), statistics[head]);
        }
    }

    /// <summary>dx from dy; dx may be dy.</summary>
    public void Backward(in DeviceMatrix x, ImmutableArray<NormStatistics> statistics, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        for (int head = 0; head < statistics.Length; head++)
        {
            norm.Backward(Head(x, head), statistics[head], Head(dy, head), Head(dx, head), accumulate: false);
        }
    }

    private DeviceMatrix Head(in DeviceMatrix heads, int index) => heads.RowRange(index * model.HeadSize, model.HeadSize);
}
