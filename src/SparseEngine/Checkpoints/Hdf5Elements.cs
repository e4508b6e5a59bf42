using System.Numerics;
using PureHDF;
using PureHDF.VOL.Native;

namespace SparseEngine.Checkpoints;

/// <summary>
/// The elements of HDF5 datasets as float32, read to where they are needed; of a type that must be converted, one copy is kept and used again.
/// </summary>
internal sealed class Hdf5Elements
{
    private Array? stored;

    /// <summary>Whether a dataset holds numbers of a type that can be read.</summary>
    public static bool AreNumbers(IH5Dataset dataset) => (dataset.Type.Class, dataset.Type.Size) is
        (H5DataTypeClass.FloatingPoint, 2 or 4 or 8) or (H5DataTypeClass.FixedPoint, 1 or 2 or 4 or 8);

    /// <summary>numpy's name of a dataset's type: float32, int8, uint64.</summary>
    public static string DataType(IH5Dataset dataset)
    {
        string kind = dataset.Type.Class == H5DataTypeClass.FloatingPoint ? "float" : dataset.Type.FixedPoint.IsSigned ? "int" : "uint";
        return $"{kind}{8 * dataset.Type.Size}";
    }

    /// <summary>Reads a dataset of numbers, row-major.</summary>
    public void Read(NativeDataset dataset, Span<float> destination)
    {
        switch (DataType(dataset))
        {
            case "float16":
                Widen<Half>(dataset, destination);
                break;
            case "float32":
                dataset.Read(destination);
                break;
            case "float64":
                Widen<double>(dataset, destination);
                break;
            case "int8":
                Widen<sbyte>(dataset, destination);
                break;
            case "int16":
                Widen<short>(dataset, destination);
                break;
            case "int32":
                Widen<int>(dataset, destination);
                break;
            case "int64":
                Widen<long>(dataset, destination);
                break;
            case "uint8":
                Widen<byte>(dataset, destination);
                break;
            case "uint16":
                Widen<ushort>(dataset, destination);
                break;
            case "uint32":
                Widen<uint>(dataset, destination);
                break;
            default:
                Widen<ulong>(dataset, destination);
                break;
        }
    }

    /// <summary>Reads a dataset of 16-bit integers that are the bits of bfloat16.</summary>
    public void ReadBfloat16(NativeDataset dataset, Span<float> destination) =>
        Widening.BFloat16ToSingle(ReadStored<ushort>(dataset, destination.Length), destination);

    private void Widen<T>(NativeDataset dataset, Span<float> destination)
        where T : INumberBase<T> => Widening.ToSingle<T>(ReadStored<T>(dataset, destination.Length), destination);

    private Span<T> ReadStored<T>(NativeDataset dataset, int length)
    {
        if (stored is not T[] elements || elements.Length < length)
        {
            stored = elements = new T[length];
        }

        Span<T> source = elements.AsSpan(0, length);
        dataset.Read(source);
        return source;
    }
}
