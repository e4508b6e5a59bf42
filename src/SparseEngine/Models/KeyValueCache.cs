using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The keys and values of one sequence's tokens in every layer: all that its next token needs of them.</summary>
/// <remarks>
/// They lie feature-major as all activations do, [key-value size, capacity], so that a prompt's projections are written where they stay.
/// </remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly ImmutableArray<(DeviceMatrix Keys, DeviceMatrix Values)> layers;

    /// <summary>Allocates an empty cache.</summary>
    /// <param name="device">Where.</param>
    /// <param name="model">The model's shape.</param>
    /// <param name="capacity">The most tokens that it can hold.</param>
    public KeyValueCache(ComputeDevice device, ModelParameters model, int capacity)
    {
        Capacity = capacity;
        layers =
        [
            .. Enumerable.Range(0, model.Layers)
                .Select(_ => (device.AllocateActivations(model.KeyValueSize, capacity), device.AllocateActivations(model.KeyValueSize, capacity))),
        ];
    }

    /// <summary>The most tokens that it can hold.</summary>
    public int Capacity { get; }

    /// <summary>The tokens that it holds, which is the position of the next one.</summary>
    public int Length { get; private set; }

    /// <summary>A layer's keys [key-value size, capacity].</summary>
    public DeviceMatrix Keys(int layer) => layers[layer].Keys;

    /// <summary>A layer's values [key-value size, capacity].</summary>
    public DeviceMatrix Values(int layer) => layers[layer].Values;

    /// <summary>Counts the tokens that a pass has added.</summary>
    public void Advance(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, Capacity - Length);
        Length += tokens;
    }

    public void Dispose()
    {
        foreach ((DeviceMatrix keys, DeviceMatrix values) in layers)
        {
            keys.Buffer.Dispose();
            values.Buffer.Dispose();
        }
    }
}
