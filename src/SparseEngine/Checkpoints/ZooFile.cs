using System.Collections.Immutable;
using System.Globalization;
using PureHDF;
using PureHDF.VOL.Native;
using SparseEngine.Hdf5;

namespace SparseEngine.Checkpoints;

/// <summary>A tensor of the Model Zoo's container by the name that it has here.</summary>
internal sealed record ZooTensor(string Name, ZooValue Value);

/// <summary>
/// A checkpoint as the Model Zoo's saver writes it: HDF5 with one dataset per value of a nested state, <c>model.*</c>,
/// <c>optimizer.state.{number}.*</c>, <c>optimizer.param_groups.*</c>, <c>global_step</c> and others.
/// </summary>
/// <param name="Tensors">The parameters in <c>named_parameters()</c> order, each with its states of the optimizer.</param>
/// <param name="State">The step, which is all that such a file says of where the run stood; null without one.</param>
/// <param name="Metadata">The updates that the optimizer's state has seen.</param>
/// <param name="Warnings">What is left out, and why.</param>
internal sealed record ZooFile(
    ImmutableArray<ZooTensor> Tensors, TrainingState? State, ImmutableDictionary<string, string> Metadata, ImmutableArray<string> Warnings)
{
    /// <summary>The root's attribute with the nested state's structure: a pickle as hexadecimal digits.</summary>
    public const string Specification = "__spec__";

    /// <summary>The output head, which is in the model's state where it is the token table too.</summary>
    public const string Head = "model.lm_head.weight";

    /// <summary>What another name of the last normalization begins with: the decoder has it as well.</summary>
    public const string TiedNorm = "model.transformer_decoder.norm.";

    private const string Model = "model.";
    private const string Norm = "model.ln_f.";

    // What a run of the zoo keeps beside model and optimizer, and nothing here is made of.
    private static readonly string[] Elsewhere = ["lr_scheduler.", "amp.", "__metric", "state_version", CheckpointLayout.Step];

    /// <summary>Reads what a file of another program holds; null where it is not the Model Zoo's.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ZooFile? Read(string path, Hdf5Input file)
    {
        bool isMarked = file.Read(root => root.AttributeExists(Specification) || (root.AttributeExists(CheckpointLayout.Version)
            && root.Attribute(CheckpointLayout.Version).Type.Class == H5DataTypeClass.FloatingPoint));
        ImmutableArray<ZooValue> values = [.. file.List(dataset => ZooValue.Of(file.CheckSize(dataset))).OfType<ZooValue>()];
        ILookup<string, ZooValue> byKey = values.ToLookup(value => value.Key, StringComparer.Ordinal);
        ZooOptimizerState optimizer = ZooOptimizerState.Of(values);
        if (!isMarked && !optimizer.HasNumbers && !byKey.Contains(CheckpointLayout.Step))
        {
            return null;
        }

        foreach (ZooValue filled in values.Where(value => value.Fill is not null))
        {
            file.CheckSize(filled.Key, filled.Elements * sizeof(float));
        }

        ImmutableArray<ZooTensor> parameters = Parameters(values);
        (ImmutableArray<ZooTensor> states, bool tiedHead, string? problem) = optimizer.Assign(parameters);
        if (tiedHead)
        {
            parameters = [.. parameters.Where(parameter => parameter.Name != Head)];
        }

        int? step = Number(CheckpointLayout.Step) is { } number ? StepOf(number) : null;
        ImmutableDictionary<string, string> metadata = step is { } done && optimizer.Updates(done, Number) is { } updates
            ? ImmutableDictionary<string, string>.Empty.Add(OptimizerStateName.Updates, updates.ToString(CultureInfo.InvariantCulture))
            : ImmutableDictionary<string, string>.Empty;
        ILookup<string?, ZooTensor> statesOf = states.ToLookup(state => OptimizerStateName.ParameterOf(state.Name), StringComparer.Ordinal);
        return new ZooFile(
            [.. parameters.SelectMany(parameter => statesOf[parameter.Name].Prepend(parameter))],
            step is { } reached ? new TrainingState(reached, null, null, null) : null,
            metadata,
            problem is null ? [] : [OneLine.Of($"{path}: {problem}")]);

        double? Number(string key) => byKey[key].FirstOrDefault() is not { } value ? null
            : value.Fill ?? file.Read(root => Hdf5Number.Of((NativeDataset)root.Dataset(value.StoredName)));
    }

    private static ImmutableArray<ZooTensor> Parameters(ImmutableArray<ZooValue> values)
    {
        List<ZooValue> models = [.. values.Where(value => value.Key.StartsWith(Model, StringComparison.Ordinal))];
        if (models.Count == 0)
        {
            models.AddRange(values.Where(value =>
                !OptimizerStateName.IsOptimizers(value.Key) && !Elsewhere.Any(start => value.Key.StartsWith(start, StringComparison.Ordinal))));
        }

        // Two keys that become one name are told when they are made known.
        ILookup<string, ZooValue> all = models.ToLookup(value => StoredName.WithoutWrappers(value.Key), StringComparer.Ordinal);
        ILookup<string, ZooValue> named = models
            .Select(value => (Name: StoredName.WithoutWrappers(value.Key), Value: value))
            .Where(pair => !pair.Name.StartsWith(TiedNorm, StringComparison.Ordinal) || !all.Contains($"{Norm}{pair.Name[TiedNorm.Length..]}"))
            .ToLookup(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        return [.. ParameterOrder.Sort(named.Select(group => group.Key)).SelectMany(name => named[name].Select(value => new ZooTensor(name, value)))];
    }

    private static int StepOf(double number) => number is >= 0 and <= int.MaxValue && double.IsInteger(number)
        ? (int)number
        : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{CheckpointLayout.Step} is {number}"));
}
