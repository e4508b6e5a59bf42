using System.Collections.Immutable;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>One trainable tensor of a model: its values and gradient on the device, dense or at its non-zeros only.</summary>
/// <remarks>
/// There are three layouts. Dense: every element is stored. Compact: a sparse linear weight, of which the non-zeros alone
/// are stored, in the order of its CSR pattern. Masked: a sparse parameter that no sparse product serves (a table, a
/// bias, a norm), stored in full with zeros at the pruned places, whose gradient <see cref="MaskGradient"/> clears there.
/// Optimizer state has the layout of the values, so one conversion serves both.
/// </remarks>
public sealed class Parameter : IDisposable
{
    private readonly DeviceBuffer<float>? gradient;

    private Parameter(NamedShape definition, CsrPattern? kept, SparsePattern? pattern, DeviceBuffer<float> values, DeviceBuffer<float>? gradient)
    {
        Name = definition.Name;
        Shape = definition.Shape;
        Elements = checked((int)definition.Elements);
        Decays = GptArchitecture.Decays(definition);
        Kept = kept;
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

    /// <summary>Where its non-zeros lie, a vector being one row; null where every element is kept.</summary>
    public CsrPattern? Kept { get; }

    /// <summary>The pattern as the device wants it: only where the layout is compact.</summary>
    public SparsePattern? Pattern { get; }

    /// <summary>The stored values.</summary>
    public DeviceBuffer<float> Values { get; }

    /// <summary>The gradient, laid out as <see cref="Values"/>.</summary>
    /// <exception cref="InvalidOperationException">The parameter was created for inference.</exception>
    public DeviceBuffer<float> Gradient => gradient ?? throw new InvalidOperationException($"{Name} was created without a gradient");

    /// <summary>The number of elements that are not pruned.</summary>
    public int NonZeros => Kept?.NonZeros ?? Elements;

    /// <summary>Bytes of its sparse pattern, on the device and beside it.</summary>
    public long PatternBytes => Kept is null ? 0 : (sizeof(int) * ((long)Kept.RowPointers.Length + Kept.NonZeros)) + (Pattern?.Bytes ?? 0);

    /// <summary>Creates a parameter from its dense values.</summary>
    /// <param name="device">Where it lives.</param>
    /// <param name="definition">Its name and shape.</param>
    /// <param name="dense">Its values, row-major; NaN at a kept place becomes 0.</param>
    /// <param name="keep">One flag per element, or null to keep all.</param>
    /// <param name="trainable">Whether it has a gradient.</param>
    public static Parameter Create(ComputeDevice device, NamedShape definition, ReadOnlySpan<float> dense, bool[]? keep, bool trainable)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(definition);
        CsrPattern? kept = null;
        SparsePattern? pattern = null;
        if (keep is not null && keep.Contains(false))
        {
            kept = CsrPattern.FromMask(definition.Shape.Length == 1 ? 1 : definition.Shape[0], definition.Shape[^1], keep);
            pattern = GptArchitecture.IsLinearWeight(definition) ? new DataflowScheduler(device).Schedule(kept) : null;
        }

        int stored = pattern?.Csr.NonZeros ?? checked((int)definition.Elements);
        DeviceBuffer<float>? gradient = trainable ? device.Allocate<float>(stored) : null;
        Parameter parameter = new(definition, kept, pattern, device.Allocate<float>(stored), gradient);
        parameter.Store(dense, parameter.Values);
        return parameter;
    }

    /// <summary>Brings a dense tensor of this parameter's shape into the stored layout; NaN at a kept place becomes 0.</summary>
    /// <param name="dense">All elements, row-major.</param>
    /// <param name="stored">The values, or a state of the optimizer.</param>
    public void Store(ReadOnlySpan<float> dense, DeviceBuffer<float> stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        float[] kept = Kept is null ? dense.ToArray() : GatherKept(dense);
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = float.IsNaN(kept[i]) ? 0 : kept[i];
        }

        stored.CopyFrom(Kept is null || Pattern is not null ? kept : ScatterKept(kept, elsewhere: 0));
    }

    /// <summary>Writes a stored tensor out in full, NaN at the pruned places.</summary>
    /// <param name="stored">The values, or a state of the optimizer.</param>
    /// <param name="dense">Receives all elements, row-major.</param>
    public void Expand(DeviceBuffer<float> stored, Span<float> dense)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (Kept is null)
        {
            stored.CopyTo(dense);
            return;
        }

        float[] kept = new float[Kept.NonZeros];
        if (Pattern is not null)
        {
            stored.CopyTo(kept);
        }
        else
        {
            stored.CopyTo(dense);
            Kept.Gather(dense, kept);
        }

        Kept.Scatter(kept, dense, float.NaN);
    }

    /// <summary>Clears the gradient at pruned places, where the layout stores them. A no-op for the other layouts.</summary>
    public void MaskGradient()
    {
        if (Kept is null || Pattern is not null)
        {
            return;
        }

        // The rare layout, so a trip through the host's memory is accepted.
        float[] dense = new float[Elements];
        Gradient.CopyTo(dense);
        Gradient.CopyFrom(ScatterKept(GatherKept(dense), elsewhere: 0));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        gradient?.Dispose();
        Pattern?.Dispose();
    }

    private float[] GatherKept(ReadOnlySpan<float> dense)
    {
        float[] kept = new float[Kept!.NonZeros];
        Kept.Gather(dense, kept);
        return kept;
    }

    private float[] ScatterKept(ReadOnlySpan<float> kept, float elsewhere)
    {
        float[] dense = new float[Elements];
        Kept!.Scatter(kept, dense, elsewhere);
        return dense;
    }
}
