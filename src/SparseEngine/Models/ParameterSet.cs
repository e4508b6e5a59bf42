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
    /// <param name="parameter">What its model declares.</param>
    /// <param name="dense">Receives all elements, row-major.</param>
    void Read(int index, ParameterDefinition parameter, Span<float> dense);
}

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
    /// <param name="definitions">What their model declares, in order.</param>
    /// <param name="source">Their values.</param>
    /// <param name="masks">Which elements of each are kept.</param>
    /// <param name="trainable">Whether they have gradients.</param>
    public static ParameterSet Build(
        ComputeDevice device, IReadOnlyList<ParameterDefinition> definitions, IWeightSource source, IMaskSelection masks, bool trainable)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(masks);
        List<Parameter> built = [];
        try
        {
            for (int index = 0; index < definitions.Count; index++)
            {
                ParameterDefinition definition = definitions[index];
                float[] dense = new float[checked((int)definition.Elements)];
                source.Read(index, definition, dense);
                using DenseWeight weight = new(device, dense);
                using DeviceBuffer<byte>? keep = masks.Select(index, definition, weight);
                built.Add(Parameter.Create(device, definition, weight, keep, trainable));
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
