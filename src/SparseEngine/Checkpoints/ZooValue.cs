using System.Collections.Immutable;
using PureHDF;
using PureHDF.VOL.Native;
using SparseEngine.Hdf5;

namespace SparseEngine.Checkpoints;

/// <summary>One value of a checkpoint as the Model Zoo's saver writes it, understood as its attributes say.</summary>
/// <param name="StoredName">The dataset's name.</param>
/// <param name="Key">The value's place in the nested state: keys joined with points.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="DataType">What its elements are stored as, by numpy's name of it.</param>
internal sealed record ZooValue(string StoredName, string Key, ImmutableArray<int> Shape, string DataType)
{
    private const string TypeName = "__H5_TYPE__";

    // Version 2.0 and those before call the same thing by these names.
    private static readonly string[] FilledTypes = ["DeferredFullTensor", "FullTensorH5Type"];

    /// <summary>What every element is, where the file holds one number in place of the elements.</summary>
    public float? Fill { get; private init; }

    /// <summary>The file that holds the elements, where this one does not.</summary>
    public string? OtherFile { get; private init; }

    /// <summary>Whether the elements are 16 bits each that are bfloat16.</summary>
    public bool IsBfloat16 => DataType == "bfloat16";

    /// <summary>The number of elements, as a double since it may be anything.</summary>
    public double Elements => Shape.Aggregate(1.0, (product, dimension) => product * dimension);

    /// <summary>Reads what a dataset is; null where it is no number or numbers: None, a text.</summary>
    /// <exception cref="InvalidDataException">Its attributes contradict one another.</exception>
    public static ZooValue? Of(NativeDataset dataset)
    {
        // Names are escaped as in addresses.
        string key = Uri.UnescapeDataString(dataset.Name);
        if (dataset.AttributeExists("filepath"))
        {
            return new ZooValue(dataset.Name, key, ShapeIn(dataset), "float32") { OtherFile = dataset.Attribute("filepath").Read<string>() };
        }

        if (IsSet(dataset, "is_constructible")
            || (dataset.AttributeExists(TypeName) && FilledTypes.Contains(dataset.Attribute(TypeName).Read<string>())))
        {
            double fill = Hdf5Number.Of(dataset, "fill_value")
                ?? throw new InvalidDataException($"{dataset.Name} is to be filled with a fill_value, which is no number");
            return new ZooValue(dataset.Name, key, ShapeIn(dataset), Hdf5Elements.DataType(dataset)) { Fill = (float)fill };
        }

        if (dataset.Space.Type == H5DataspaceType.Null || IsSet(dataset, "is_none") || IsSet(dataset, "is_string")
            || !Hdf5Elements.AreNumbers(dataset))
        {
            return null;
        }

        if (IsSet(dataset, "is_bfloat16"))
        {
            return dataset.Type is { Class: H5DataTypeClass.FixedPoint, Size: sizeof(ushort) }
                ? new ZooValue(dataset.Name, key, Shaped(dataset.Name, dataset.Space.Dimensions), "bfloat16")
                : throw new InvalidDataException($"{dataset.Name} is marked as bfloat16, and its elements are {Hdf5Elements.DataType(dataset)}");
        }

        return new ZooValue(dataset.Name, key, Shaped(dataset.Name, dataset.Space.Dimensions), Hdf5Elements.DataType(dataset));
    }

    private static bool IsSet(NativeDataset dataset, string attribute) => Hdf5Number.Of(dataset, attribute) is not (null or 0);

    private static ImmutableArray<int> ShapeIn(NativeDataset dataset)
    {
        IH5Attribute shape = dataset.AttributeExists("shape")
            ? dataset.Attribute("shape")
            : throw new InvalidDataException($"{dataset.Name} holds no elements and no shape");

        // numpy makes an empty shape one of float64.
        return shape.Space.Dimensions is [0] ? [] : Shaped(dataset.Name, [.. shape.Read<long[]>().Select(dimension => unchecked((ulong)dimension))]);
    }

    private static ImmutableArray<int> Shaped(string name, ulong[] dimensions) =>
        dimensions.All(dimension => dimension <= int.MaxValue)
            ? [.. dimensions.Select(dimension => (int)dimension)]
            : throw new InvalidDataException($"{name} is [{string.Join(", ", dimensions)}]");
}
