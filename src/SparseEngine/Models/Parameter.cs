using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>One trainable tensor of a model: its values and gradient on the device, dense or at its non-zeros only.</summary>
/// <remarks>
/// A sparse weight is stored as its non-zeros, in the order of its CSR pattern; every other parameter in full. Gradient and
/// optimizer state have the layout of the values, so one conversion to and from a checkpoint's dense tensors serves all.
/// </remarks>
internal sealed class Parameter : IDisposable
{
    private readonly DeviceBuffer<float>? gradient;

    private Parameter(NamedShape definition, SparsePattern? pattern, DeviceBuffer<float> values, DeviceBuffer<float>? gradient)
    {
        Name = definition.Name;
        Shape = definition.Shape;
        Elements = checked((int)definition.Elements);
        Decays = GptArchitecture.Decays(definition);
        Pattern = pattern;
        Values = values;
        this.gradient = gradient;
    }

    /// <summary>The checkpoint's name of it.</summary>
    public string Name { get; }

    /// <summary>Its dimensions, zeros included.</summary>
    public ImmutableArray<int> Shape { get; }

    /// <summary>The number of elements, zeros included.</summary>
    public int Elements { get; }

    /// <summary>Whether weight decay applies to it.</summary>
    public bool Decays { get; }

    /// <summary>Where a sparse weight's non-zeros lie; null where every element is stored.</summary>
    public SparsePattern? Pattern { get; }

    /// <summary>The stored values.</summary>
    public DeviceBuffer<float> Values { get; }

    /// <summary>The gradient, laid out as <see cref="Values"/>.</summary>
    /// <exception cref="InvalidOperationException">The parameter was created for inference.</exception>
    public DeviceBuffer<float> Gradient => gradient ?? throw new InvalidOperationException($"{Name} was created without a gradient");

    /// <summary>The number of elements that are not pruned.</summary>
    public int NonZeros => Values.Length;

    /// <summary>Bytes of its sparse pattern: row pointers and columns, and what the device keeps beyond them.</summary>
    public long PatternBytes =>
        Pattern is null ? 0 : (sizeof(int) * ((long)Pattern.Csr.RowPointers.Length + Pattern.Csr.NonZeros)) + Pattern.Bytes;

    /// <summary>Creates a parameter from its dense values.</summary>
    /// <param name="device">Where it lives.</param>
    /// <param name="definition">Its name and shape.</param>
    /// <param name="dense">Its values, row-major, taken over as <see cref="Store"/> does.</param>
    /// <param name="keep">One flag per element of a linear layer's weight, or null to keep all. A mask that keeps everything is none.</param>
    /// <param name="trainable">Whether it has a gradient.</param>
    /// <exception cref="ArgumentException">A mask is given for a parameter that no sparse product serves.</exception>
    public static Parameter Create(ComputeDevice device, NamedShape definition, ReadOnlySpan<float> dense, bool[]? keep, bool trainable)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(definition);
        if (keep is not null && keep.Contains(false))
        {
            return CreateSparse(device, definition, dense, keep, trainable);
        }

        int stored = checked((int)definition.Elements);
        Parameter parameter = new(definition, null, device.Allocate<float>(stored), trainable ? device.Allocate<float>(stored) : null);
        parameter.Store(dense, parameter.Values);
        return parameter;
    }

    private static Parameter CreateSparse(ComputeDevice device, NamedShape definition, ReadOnlySpan<float> dense, bool[] keep, bool trainable)
    {
        if (!definition.IsLinearWeight)
        {
            throw new ArgumentException($"{definition.Name} is not a linear layer's weight and cannot be sparse", nameof(keep));
        }

        using DeviceBuffer<float> elements = device.Allocate<float>(dense.Length);
        using DeviceBuffer<byte> flags = device.Allocate<byte>(keep.Length);
        elements.CopyFrom(dense);
        flags.CopyFrom(MemoryMarshal.Cast<bool, byte>(keep.AsSpan()));
        (CsrPattern pattern, DeviceBuffer<float> values) = device.Compress(elements, flags, definition.Shape[0], definition.Shape[1]);
        return new Parameter(
            definition, new DataflowScheduler(device).Schedule(pattern), values, trainable ? device.Allocate<float>(values.Length) : null);
    }

    /// <summary>Brings a dense tensor of this parameter's shape into the stored layout. NaN becomes 0, and at a sparse weight's kept places so does infinity.</summary>
    /// <param name="dense">All elements, row-major.</param>
    /// <param name="stored">The values, or a state of the optimizer.</param>
    public void Store(ReadOnlySpan<float> dense, DeviceBuffer<float> stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        float[] kept = new float[NonZeros];
        if (Pattern is null)
        {
            dense.CopyTo(kept);
        }
        else
        {
            Pattern.Csr.Gather(dense, kept);
        }

        foreach (ref float value in kept.AsSpan())
        {
            bool absent = Pattern is null ? float.IsNaN(value) : !float.IsFinite(value);
            value = absent ? 0 : value;
        }

        stored.CopyFrom(kept);
    }

    /// <summary>Writes a stored tensor out in full, NaN at the sparse places.</summary>
    /// <param name="stored">The values, or a state of the optimizer.</param>
    /// <param name="dense">Receives all elements, row-major.</param>
    public void Expand(DeviceBuffer<float> stored, Span<float> dense)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (Pattern is null)
        {
            stored.CopyTo(dense);
            return;
        }

        float[] kept = new float[NonZeros];
        stored.CopyTo(kept);
        Pattern.Csr.Scatter(kept, dense, float.NaN);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        gradient?.Dispose();
        Pattern?.Dispose();
    }
}
