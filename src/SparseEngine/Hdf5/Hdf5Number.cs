using PureHDF;
using PureHDF.VOL.Native;

namespace SparseEngine.Hdf5;

/// <summary>Single numbers and flags of an HDF5 file, of whatever type they are.</summary>
internal static class Hdf5Number
{
    /// <summary>A dataset of one number; null where it holds something else.</summary>
    public static double? Of(NativeDataset dataset) =>
        dataset.Space.Type != H5DataspaceType.Null && dataset.Space.Dimensions.All(dimension => dimension == 1)
            ? Read(dataset.Type, new DatasetNumber(dataset))
            : null;

    /// <summary>A number or a flag that an attribute holds; null where there is no such attribute, or it holds something else.</summary>
    public static double? Of(NativeDataset dataset, string attribute) =>
        dataset.AttributeExists(attribute) && dataset.Attribute(attribute) is { Space.Type: H5DataspaceType.Scalar } value
            ? Read(value.Type, new AttributeNumber(value))
            : null;

    private static double? Read<TNumber>(IH5DataType type, TNumber number)
        where TNumber : INumberReader => (type.Class, type.Size) switch
        {
            (H5DataTypeClass.FloatingPoint, 2) => (double)number.Read<Half>(),
            (H5DataTypeClass.FloatingPoint, 4) => number.Read<float>(),
            (H5DataTypeClass.FloatingPoint, 8) => number.Read<double>(),

            // h5py's flags are an enumeration.
            (H5DataTypeClass.FixedPoint or H5DataTypeClass.Enumerated, 1) => number.Read<sbyte>(),
            (H5DataTypeClass.FixedPoint, 2) => number.Read<short>(),
            (H5DataTypeClass.FixedPoint, 4) => number.Read<int>(),
            (H5DataTypeClass.FixedPoint, 8) => number.Read<long>(),
            _ => null,
        };

    private interface INumberReader
    {
        T Read<T>()
            where T : unmanaged;
    }

    private readonly struct DatasetNumber(NativeDataset dataset) : INumberReader
    {
        public T Read<T>()
            where T : unmanaged
        {
            Span<T> number = stackalloc T[1];
            dataset.Read(number);
            return number[0];
        }
    }

    private readonly struct AttributeNumber(IH5Attribute attribute) : INumberReader
    {
        public T Read<T>()
            where T : unmanaged => attribute.Read<T>();
    }
}
