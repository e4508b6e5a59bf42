using System.Buffers;
using System.Collections.Immutable;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>One trainable tensor of a model: its values, gradient and optimizer states on the device, dense or at its non-zeros only.</summary>
/// <remarks>
/// A sparse weight is stored as its non-zeros, in the order of its CSR pattern; every other parameter in full. Gradient and
/// optimizer states have the layout of the values, so one conversion to and from a checkpoint's dense tensors serves all,
/// and <see cref="Rewire"/> is the one place where that layout changes.
/// </remarks>
internal sealed class Parameter : IDisposable
{
    private readonly ComputeDevice device;
    private readonly bool trainable;
    private DeviceBuffer<float>? gradient;
    private DeviceBuffer<float>? denseGradient;

    private Parameter(ComputeDevice device, ParameterDefinition definition, bool trainable, SparsePattern? pattern, DeviceBuffer<float> values)
    {
        this.device = device;
        this.trainable = trainable;
        Definition = definition;
        Elements = checked((int)definition.Elements);
        Pattern = pattern;
        Values = values;
        gradient = AllocateGradient();
    }

    /// <summary>What its model declared.</summary>
    public ParameterDefinition Definition { get; }

    /// <summary>The checkpoint's name of it.</summary>
    public string Name => Definition.Name;

    /// <summary>Its dimensions, zeros included.</summary>
    public ImmutableArray<int> Shape => Definition.Shape;

    /// <summary>The number of elements, zeros included.</summary>
    public int Elements { get; }

    /// <summary>Where a sparse weight's non-zeros lie; null where every element is stored.</summary>
    public SparsePattern? Pattern { get; private set; }

    /// <summary>The stored values.</summary>
    public DeviceBuffer<float> Values { get; private set; }

    /// <summary>The gradient, laid out as <see cref="Values"/>.</summary>
    /// <exception cref="InvalidOperationException">The parameter was created for inference.</exception>
    public DeviceBuffer<float> Gradient => gradient ?? throw new InvalidOperationException($"{Name} was created without a gradient");

    /// <summary>Where the gradient of all elements, dead ones too, is collected [out, in]; null where only that of the stored ones is.</summary>
    public DeviceBuffer<float>? DenseGradient => denseGradient;

    /// <summary>The optimizer's state tensors, laid out as <see cref="Values"/>; none before <see cref="AllocateStates"/>.</summary>
    public ImmutableArray<DeviceBuffer<float>> States { get; private set; } = [];

    /// <summary>The number of elements that are not pruned.</summary>
    public int NonZeros => Values.Length;

    /// <summary>What its learning rate is multiplied by as long as its pattern is what it is.</summary>
    public double LearningRateRatio => Definition.LearningRateRatio((double)NonZeros / Elements);

    /// <summary>Bytes of its sparse pattern: row pointers and columns, and what the device keeps beyond them.</summary>
    public long PatternBytes => Pattern is null ? 0 : Pattern.Csr.Bytes + Pattern.Bytes;

    /// <summary>Creates a parameter from its dense values.</summary>
    /// <param name="device">Where it lives.</param>
    /// <param name="definition">What its model declares.</param>
    /// <param name="weight">Its values, taken over as <see cref="Store"/> does.</param>
    /// <param name="keep">On the device, 1 for each element of a linear layer's weight that is kept, else 0; null to keep all.</param>
    /// <param name="trainable">Whether it has a gradient.</param>
    /// <exception cref="ArgumentException">A mask is given for a parameter that no sparse product serves.</exception>
    public static Parameter Create(ComputeDevice device, ParameterDefinition definition, DenseWeight weight, DeviceBuffer<byte>? keep, bool trainable)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(weight);
        if (keep is null)
        {
            Parameter parameter = new(device, definition, trainable, null, device.Allocate<float>(checked((int)definition.Elements)));
            parameter.Store(weight.Elements, parameter.Values);
            return parameter;
        }

        if (!definition.CanBeSparse)
        {
            throw new ArgumentException($"{definition.Name} is not a linear layer's weight and cannot be sparse", nameof(keep));
        }

        (CsrPattern pattern, DeviceBuffer<float> values) = device.Compress(weight.OnDevice, keep, definition.Shape[0], definition.Shape[1]);
        return new Parameter(device, definition, trainable, new DataflowScheduler(device).Schedule(pattern), values);
    }

    /// <summary>Sets the gradient to zero.</summary>
    public void ClearGradient()
    {
        if (denseGradient is null)
        {
            Gradient.Clear();
        }
        else
        {
            denseGradient.Clear();
        }
    }

    /// <summary>
    /// From now on the gradient of all elements is collected in place of the stored ones', until <see cref="TakeDenseGradient"/>. It costs 4 bytes an
    /// element.
    /// </summary>
    public void CollectDenseGradient()
    {
        // A weight that is stored in full has it anyway.
        if (Pattern is not null)
        {
            ReleaseGradient();
            denseGradient ??= device.Allocate<float>(Elements);
        }
    }

    /// <summary>
    /// Has <see cref="Gradient"/> ready: where that of all elements is collected, its stored elements are brought there, into memory that
    /// <see cref="ReleaseGathered"/> gives back.
    /// </summary>
    public void GatherGradient()
    {
        if (denseGradient is not null)
        {
            gradient ??= device.Allocate<float>(NonZeros);
            device.Transfer(from: null, Pattern!.Csr, Shape[0], Shape[1], denseGradient, gradient);
        }
    }

    /// <summary>Gives the memory of a gathered gradient back.</summary>
    public void ReleaseGathered()
    {
        if (denseGradient is not null)
        {
            ReleaseGradient();
        }
    }

    /// <summary>Gives the memory of the gradient back, not that of all elements. The parameter has none until <see cref="Rewire"/>.</summary>
    public void ReleaseGradient()
    {
        gradient?.Dispose();
        gradient = null;
    }

    /// <summary>
    /// Hands the gradient of all elements over to the caller, who disposes of it; null where none was collected. A weight that is stored in full
    /// has no gradient then until <see cref="Rewire"/>.
    /// </summary>
    public DeviceBuffer<float>? TakeDenseGradient()
    {
        DeviceBuffer<float>? taken = Pattern is null ? gradient : denseGradient;
        gradient = Pattern is null ? null : gradient;
        denseGradient = null;
        return taken;
    }

    /// <summary>
    /// Takes another pattern in place of its own: elements that both store keep their value and optimizer states, others start at 0. The gradient
    /// is zero.
    /// </summary>
    /// <param name="pattern">Where the non-zeros lie; null to store every element.</param>
    public void Rewire(CsrPattern? pattern)
    {
        gradient?.Dispose();
        gradient = null;
        using (PatternPair patterns = device.Pair(Pattern?.Csr, pattern, Shape[0], Shape[1]))
        {
            Values = Moved(Values, patterns);
            States = [.. States.Select(state => Moved(state, patterns))];
        }

        Pattern?.Dispose();
        Pattern = pattern is null ? null : new DataflowScheduler(device).Schedule(pattern);
        gradient = AllocateGradient();
    }

    /// <summary>Gives it the state tensors of an optimizer, zeros.</summary>
    /// <param name="count">How many.</param>
    public void AllocateStates(int count)
    {
        foreach (DeviceBuffer<float> state in States)
        {
            state.Dispose();
        }

        States = [.. Enumerable.Range(0, count).Select(_ => device.Allocate<float>(Values.Length))];
    }

    /// <summary>
    /// Brings a dense tensor of this parameter's shape into the stored layout. NaN becomes 0, and at a sparse weight's kept places so does infinity.
    /// </summary>
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

        // One array for all weights of a checkpoint: new ones would wait for the garbage collector together.
        float[] rented = ArrayPool<float>.Shared.Rent(NonZeros);
        Span<float> kept = rented.AsSpan(0, NonZeros);
        stored.CopyTo(kept);
        Pattern.Csr.Scatter(kept, dense, float.NaN);
        ArrayPool<float>.Shared.Return(rented);
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    private void Release()
    {
        AllocateStates(0);
        gradient?.Dispose();
        denseGradient?.Dispose();
        Values.Dispose();
        Pattern?.Dispose();
    }

    private DeviceBuffer<float>? AllocateGradient() => trainable ? device.Allocate<float>(Values.Length) : null;

    private DeviceBuffer<float> Moved(DeviceBuffer<float> stored, PatternPair patterns)
    {
        DeviceBuffer<float> moved = device.Allocate<float>(patterns.To?.NonZeros ?? Elements);
        device.Transfer(patterns, stored, moved);
        stored.Dispose();
        return moved;
    }
}
