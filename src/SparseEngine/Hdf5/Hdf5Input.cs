using System.Globalization;
using System.Numerics;
using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;

namespace SparseEngine.Hdf5;

/// <summary>Reads all elements of a dataset.</summary>
internal delegate void ElementReader(NativeDataset dataset, Span<float> destination);

/// <summary>
/// An HDF5 file that anyone may have written, and anything may have happened to: reading it ends, and ends in a value or one kind of error.
/// </summary>
internal sealed class Hdf5Input : IDisposable
{
    // A chunk is decoded as a whole. Writers choose chunks of about a megabyte; HDF5's own cache of them is of that size.
    private const long LargestChunk = 256L << 20;

    // What deflate makes of zeros, the most that a common filter does.
    private const long LargestRatio = 1032;

    // Filters that PureHDF lacks are known to the whole process.
    static Hdf5Input() => H5Filter.Register(new Lz4Filter());

    private readonly GuardedStream stream;
    private readonly NativeFile file;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">
    /// It cannot be read, or is no whole HDF5 file. The message is one line and does not name the file.
    /// </exception>
    public Hdf5Input(string path)
    {
        stream = Translate(() => new GuardedStream(path));
        try
        {
            file = Translate(() => H5File.Open(stream, leaveOpen: true));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads something of the file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged there.</exception>
    public T Read<T>(Func<NativeFile, T> read)
    {
        stream.BeginOperation();
        return Translate(() => read(file));
    }

    /// <summary>Reads a dataset's elements to where they are needed.</summary>
    /// <exception cref="InvalidDataException">The file is damaged there.</exception>
    public void Read(Func<NativeFile, NativeDataset> find, ElementReader read, Span<float> destination)
    {
        stream.BeginOperation();
        try
        {
            read(find(file), destination);
        }
#pragma warning disable CA1031
        catch (Exception exception) when (exception is not InvalidDataException)
#pragma warning restore CA1031
        {
            throw Damage(exception);
        }
    }

    /// <summary>Lists the datasets of the root, in the file's order, and what is to be known of each.</summary>
    /// <exception cref="InvalidDataException">The file is damaged there.</exception>
    public IReadOnlyList<T> List<T>(Func<NativeDataset, T> describe) => Read(root =>
    {
        List<T> found = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (IH5Object child in root.Children())
        {
            // A circular list of links repeats itself.
            if (!names.Add(child.Name))
            {
                throw new InvalidDataException($"it holds {child.Name} twice");
            }

            if (child is NativeDataset dataset)
            {
                found.Add(describe(dataset));
            }

            stream.BeginResult();
        }

        return found;
    });

    /// <summary>Checks that a file of this length can hold what a dataset says it does, before memory is set aside for it.</summary>
    /// <exception cref="InvalidDataException">It cannot, or in chunks of more than 256 MiB.</exception>
    /// <returns>The dataset.</returns>
    public NativeDataset CheckSize(NativeDataset dataset) => Translate(() =>
    {
        BigInteger size = Bytes(dataset.Space.Dimensions, dataset);
        switch (dataset.Layout.Class)
        {
            case H5DataLayoutClass.Compact or H5DataLayoutClass.Contiguous:
                Require(size <= stream.Length, $"{dataset.Name} of {size} bytes does not fit a file of {stream.Length}");
                break;
            case H5DataLayoutClass.Chunked:
                BigInteger chunk = Bytes(dataset.Layout.Chunks, dataset);
                Require(chunk <= LargestChunk, $"the chunks of {dataset.Name} have {chunk} bytes; at most {LargestChunk} are read at once");
                Require(
                    size <= LargestRatio * (BigInteger)stream.Length,
                    $"{dataset.Name} of {size} bytes does not fit a file of {stream.Length}, even compressed");
                break;
            default:
                throw new InvalidDataException($"{dataset.Name} is a virtual dataset; its data must be in the file itself");
        }

        return dataset;
    });

    /// <summary>Checks that something which the file describes and does not hold is not larger than what a file of this length may hold.</summary>
    /// <exception cref="InvalidDataException">It is.</exception>
    public void CheckSize(string name, double bytes) => Require(
        bytes <= (double)LargestRatio * stream.Length,
        string.Create(CultureInfo.InvariantCulture, $"{name} of {bytes} bytes does not fit a file of {stream.Length}, even compressed"));

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        stream.Dispose();
    }

    private static BigInteger Bytes(ulong[] dimensions, NativeDataset dataset) =>
        dimensions.Aggregate(new BigInteger(dataset.Type.Size), (product, dimension) => product * dimension);

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }

    // PureHDF reports damage by whatever exception its parser ran into.
    private static T Translate<T>(Func<T> read)
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031
        catch (Exception exception) when (exception is not InvalidDataException)
#pragma warning restore CA1031
        {
            throw Damage(exception);
        }
    }

    private static InvalidDataException Damage(Exception exception) => new(ParserMessage.Of(exception), exception);
}
