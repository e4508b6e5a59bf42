using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>
/// Reads what torch.save writes since PyTorch 1.6: a zip archive with the object as <c>data.pkl</c> and each storage as <c>data/N</c>.
/// </summary>
internal static class TorchArchive
{
    /// <summary>The object.</summary>
    public const string PickleName = "data.pkl";

    /// <summary>The folder of the storages.</summary>
    public const string StorageFolder = "data/";

    /// <summary>The order of their bytes; files of PyTorch before 2.1 lack it and are little endian.</summary>
    public const string ByteOrderName = "byteorder";

    /// <summary>The byte order that is read.</summary>
    public const string LittleEndian = "little";

    /// <summary>Reads the object; its storages are known to lie in the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or holds what is not read.</exception>
    public static object? Read(FileStream file)
    {
        Dictionary<string, ZipEntry> entries = new(StringComparer.Ordinal);
        foreach (ZipEntry entry in ZipDirectory.Read(file))
        {
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw new InvalidDataException($"is damaged: it holds {entry.Name} twice");
            }
        }

        // All lie in one folder, of the file's first name.
        ZipEntry pickle = entries.Values.FirstOrDefault(entry => $"/{entry.Name}".EndsWith($"/{PickleName}", StringComparison.Ordinal))
            ?? throw new InvalidDataException($"is a zip archive that torch.save did not write: it holds no {PickleName}");
        string folder = pickle.Name[..^PickleName.Length];
        if (entries.ContainsKey($"{folder}constants.pkl"))
        {
            throw new InvalidDataException("is a program of TorchScript, which is not run; valid: a file that torch.save wrote of its state_dict()");
        }

        CheckByteOrder(file, entries.GetValueOrDefault(folder + ByteOrderName));
        TorchObjects objects = new();
        file.Position = ZipDirectory.PositionOf(file, pickle);
        object? root = new PickleReader(new PickleInput(file, pickle.Length), objects).Read();
        foreach (TorchStorage storage in objects.Storages.Values)
        {
            ZipEntry entry = entries.GetValueOrDefault($"{folder}{StorageFolder}{storage.Key}")
                ?? throw new InvalidDataException($"is damaged: storage {storage.Key} is missing");
            storage.Position = storage.Bytes <= entry.Length
                ? ZipDirectory.PositionOf(file, entry)
                : throw new InvalidDataException($"is damaged: storage {storage.Key} needs {storage.Bytes} bytes and has {entry.Length}");
        }

        return root;
    }

    private static void CheckByteOrder(FileStream file, ZipEntry? entry)
    {
        if (entry is null)
        {
            return;
        }

        file.Position = ZipDirectory.PositionOf(file, entry);
        byte[] order = new byte[Math.Min(entry.Length, LittleEndian.Length + 1)];
        file.ReadExactly(order);
        if (Encoding.ASCII.GetString(order) != LittleEndian)
        {
            throw new InvalidDataException("was saved on a machine with another byte order; valid: little");
        }
    }
}
