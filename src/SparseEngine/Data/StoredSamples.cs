using PureHDF;
using PureHDF.VOL.Native;

namespace SparseEngine.Data;

/// <summary>What an HDF5 file says of the samples in it.</summary>
/// <param name="Dataset">The dataset that holds them.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="IsInt32">Whether its elements can be read as they are.</param>
/// <param name="Type">The type of its elements, in words.</param>
/// <param name="StatedSamples">The attribute n_examples; null where there is none.</param>
internal sealed record StoredSamples(NativeDataset Dataset, ulong[] Shape, bool IsInt32, string Type, long? StatedSamples)
{
    private const string Name = "data";
    private const string Number = "n_examples";

    /// <summary>Finds the samples, or says why there are none.</summary>
    public static (StoredSamples? Samples, string? Problem) Of(NativeFile root)
    {
        if (!root.LinkExists(Name))
        {
            string[] others = [.. root.Children().Select(child => child.Name)];
            return (null, $"has no dataset \"{Name}\"{(others.Length > 0 ? $"; it has: {string.Join(", ", others)}" : "")}");
        }

        return root.Get(Name) switch
        {
            NativeDataset dataset => Of(dataset, root),
            IH5UnresolvedLink => (null,
                $"\"{Name}\" is a link to another file, or to a name that is not there; "
                + "valid: a dataset in the file itself, as h5copy -f ext makes of a link"),
            _ => (null, $"\"{Name}\" is a group; valid: a dataset"),
        };
    }

    private static (StoredSamples? Samples, string? Problem) Of(NativeDataset dataset, NativeFile root)
    {
        IH5DataType type = dataset.Type;
        bool isInt32 = type is { Class: H5DataTypeClass.FixedPoint, Size: sizeof(int) };
        StoredSamples samples = new(dataset, dataset.Space.Dimensions, isInt32, Describe(type), StatedSamples: null);
        if (!root.AttributeExists(Number))
        {
            return (samples, null);
        }

        IH5Attribute attribute = root.Attribute(Number);
        return ReadInteger(attribute) is { } stated
            ? (samples with { StatedSamples = stated }, null)
            : (null,
                $"the attribute {Number} is {Describe(attribute.Type)} [{string.Join(", ", attribute.Space.Dimensions)}]; valid: one whole number");
    }

    private static string Describe(IH5DataType type) => type.Class switch
    {
        H5DataTypeClass.FixedPoint => $"{(type.FixedPoint.IsSigned ? "int" : "uint")}{8 * type.Size}",
        H5DataTypeClass.FloatingPoint => $"float{8 * type.Size}",
        _ => $"{type.Class} of {type.Size} bytes",
    };

    // h5py writes a Python int with 8 bytes, a numpy one with its own size.
    private static long? ReadInteger(IH5Attribute attribute) => (attribute.Type.Class, attribute.Type.Size, Elements(attribute)) switch
    {
        (H5DataTypeClass.FixedPoint, sizeof(byte), 1) => attribute.Read<byte>(),
        (H5DataTypeClass.FixedPoint, sizeof(ushort), 1) => attribute.Read<ushort>(),
        (H5DataTypeClass.FixedPoint, sizeof(int), 1) => attribute.Read<int>(),
        (H5DataTypeClass.FixedPoint, sizeof(long), 1) => attribute.Read<long>(),
        _ => null,
    };

    private static ulong Elements(IH5Attribute attribute) => attribute.Space.Dimensions.Aggregate(1UL, (product, length) => product * length);
}
