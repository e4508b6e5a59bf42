using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>
/// Reads what torch.save wrote before PyTorch 1.6, and still does on demand: pickles of a number, the version, the machine, the object and
/// the storages' keys, one behind the other; then each storage, its number of elements (8 bytes, little endian) before its bytes.
/// </summary>
internal static class LegacyTorchFile
{
    private const long Version = 1001;

    private static readonly BigInteger Magic = BigInteger.Parse("1950A86A20F9469CFC6C", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Reads the object; its storages are known to lie in the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or holds what is not read.</exception>
    public static object? Read(FileStream file)
    {
        TorchObjects objects = new();
        if (Next() is not BigInteger magic || magic != Magic)
        {
            throw new InvalidDataException("is a pickle of Python that torch.save did not write");
        }

        if (Next() is not Version)
        {
            throw new InvalidDataException($"is of another version of torch.save's format than {Version}");
        }

        if (Next() is not PickleDictionary machine || machine.Find("little_endian") is not true)
        {
            throw new InvalidDataException("was saved on a machine with another byte order; valid: little endian");
        }

        object? root = Next();
        PickleList keys = Next() as PickleList ?? throw new InvalidDataException("is damaged: it has no list of its storages");
        foreach (object? key in keys.Items)
        {
            Locate(file, key is string text && objects.Storages.TryGetValue(text, out TorchStorage? storage)
                ? storage
                : throw new InvalidDataException("is damaged: it lists a storage that no tensor has"));
        }

        TorchStorage? missing = objects.Storages.Values.FirstOrDefault(storage => storage.Position < 0);
        return missing is null ? root : throw new InvalidDataException($"is damaged: storage {missing.Key} is missing");

        object? Next() => new PickleReader(new PickleInput(file, file.Length - file.Position), objects).Read();
    }

    private static void Locate(FileStream file, TorchStorage storage)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        if (file.ReadAtLeast(number, number.Length, throwOnEndOfStream: false) < number.Length)
        {
            throw new InvalidDataException($"is damaged: it ends before storage {storage.Key}");
        }

        long count = BinaryPrimitives.ReadInt64LittleEndian(number);
        long left = file.Length - file.Position;
        if (count != storage.Count || storage.Bytes > left || storage.Position >= 0)
        {
            throw new InvalidDataException(
                $"is damaged: storage {storage.Key} has {storage.Count} elements in {storage.Bytes} bytes, and the file {count} in at most {left}");
        }

        storage.Position = file.Position;
        file.Position += (long)storage.Bytes;
    }
}
