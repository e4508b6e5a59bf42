using System.Collections;
using System.Collections.Immutable;
using SparseEngine.Kernels.Devices;
using SparseEngine.Sparsity;

namespace SparseEngine.Models;

/// <summary>Where a model's dense weights come from before its masks are applied: an initializer or a checkpoint.</summary>
internal interface IWeightSource
{
    /// <summary>Reads one parameter; reading it again gives the same values.</summary>
    /// <param name="index">Its index in <c>named_parameters()</c> order.</param>
    /// <param name="parameter">Its name and shape.</param>
    /// <param name="dense">Receives all elements, row-major.</param>
    void Read(int index, NamedShape parameter, Span<float> dense);
}

/// <summary>Chooses the elements of a parameter that are kept.</summary>
/// <param name="index">Its index in <c>named_parameters()</c> order.</param>
/// <param name="parameter">Its name and shape.</param>
/// <param name="dense">Its values before masking.</param>
/// <returns>One flag per element, or null to keep all.</returns>
internal delegate bool[]? MaskSelection(int index, NamedShape parameter, ReadOnlySpan<float> dense);

/// <summary>The parameters of one model on one device, in <c>named_parameters()</c> order.</summary>
internal sealed class ParameterSet : IReadOnlyList<Parameter>, IDisposable
{
    private readonly ImmutableArray<Parameter> parameters;
    private readonly Dictionary<string, Parameter> byName;

    private ParameterSet(ImmutableArray<Parameter> parameters)
    {
        this.parameters = parameters;
        byName = parameters.ToDictionary(parameter => parameter.Name);
    }

    /// <inheritdoc/>
    public int Count => parameters.Length;

    /// <summary>All elements, zeros included.</summary>
    public long Elements => parameters.Sum(parameter => (long)parameter.Elements);

    /// <summary>The elements that are not pruned.</summary>
    public long NonZeros => parameters.Sum(parameter => (long)parameter.NonZeros);

    /// <inheritdoc/>
    public Parameter this[int index] => parameters[index];

    /// <summary>The parameter with that name.</summary>
    public Parameter this[string name] => byName[name];

    /// <summary>Builds the parameters one after another, so that one dense copy exists at a time.</summary>
    /// <param name="device">Where they live.</param>
    /// <param name="definitions">Their names and shapes, in order.</param>
    /// <param name="source">Their values.</param>
    /// <param name="selectMask">Which elements of each are kept.</param>
    /// <param name="trainable">Whether they have gradients.</param>
    public static ParameterSet Build(
        ComputeDevice device, IReadOnlyList<NamedShape> definitions, IWeightSource source, MaskSelection selectMask, bool trainable)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(selectMask);
        List<Parameter> built = [];
        try
        {
            for (int index = 0; index < definitions.Count; index++)
            {
                NamedShape definition = definitions[index];
                float[] dense = new float[checked((int)definition.Elements)];
                source.Read(index, definition, dense);
                built.Add(Parameter.Create(device, definition, dense, selectMask(index, definition, dense), trainable));
            }
        }
        catch
        {
            built.ForEach(parameter => parameter.Dispose());
            throw;
        }

        // Dense copies, scores and flags of every weight are garbage now, as much as a sparse model itself: it goes before activations come.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return new ParameterSet([.. built]);
    }

    /// <summary>The parameter with that name, or null.</summary>
    public Parameter? Find(string name) => byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public IEnumerator<Parameter> GetEnumerator() => ((IEnumerable<Parameter>)parameters).GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Parameter parameter in parameters)
        {
            parameter.Dispose();
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
