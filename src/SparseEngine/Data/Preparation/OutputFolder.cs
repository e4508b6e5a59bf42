using SparseEngine.Configuration;
using SparseEngine.Files;

namespace SparseEngine.Data.Preparation;

/// <summary>A folder that takes its name when it is whole: until then it is a hidden one beside it, which goes if the work fails.</summary>
internal sealed class OutputFolder : IDisposable
{
    private readonly string path;
    private readonly FileStream description;

    private OutputFolder(string path, string temporary, FileStream description)
    {
        this.path = path;
        this.description = description;
        Temporary = temporary;
    }

    /// <summary>Where to write for now.</summary>
    public string Temporary { get; }

    /// <summary>Checks where a data set is to go, and begins it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="inputs">What is read, which must not be in the folder.</param>
    /// <param name="overwrite">Whether it may take the place of another data set.</param>
    /// <exception cref="ConfigurationException">There is something that it may not replace.</exception>
    /// <exception cref="DataException">It cannot be written.</exception>
    public static OutputFolder Begin(string path, IReadOnlyList<InputFile> inputs, bool overwrite)
    {
        string full = Guard(path, () => WithoutLinks(path));
        if (File.Exists(full))
        {
            throw new ConfigurationException($"{path}: is a file; valid: a folder");
        }

        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
        {
            if (!File.Exists(Path.Combine(full, PreparedDataset.FileName))
                || Directory.EnumerateFileSystemEntries(full).Any(entry => !IsOurs(Path.GetFileName(entry))))
            {
                throw new ConfigurationException($"{path}: has other things in it than a prepared data set; valid: a new or empty folder");
            }

            if (!overwrite)
            {
                throw new ConfigurationException($"{path}: exists already; --force overwrites it");
            }
        }

        string within = full + Path.DirectorySeparatorChar;
        if (inputs.FirstOrDefault(input => RealPath.Of(input.Path)?.StartsWith(within, StringComparison.Ordinal) is true) is { } inside)
        {
            throw new ConfigurationException($"{path}: holds the input {inside.Path}; valid: another folder");
        }

        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.tmp");
        return Guard(path, () =>
        {
            // Not shared: a second run of the same output fails here and leaves the first one's folder alone.
            Directory.CreateDirectory(temporary);
            FileStream description = new(Path.Combine(temporary, PreparedDataset.FileName), FileMode.Create, FileAccess.Write, FileShare.None);
            RemoveLeftovers(temporary);
            return new OutputFolder(full, temporary, description);
        });
    }

    /// <summary>Describes the data set and gives the folder its name.</summary>
    /// <exception cref="DataException">It cannot be written, or what it replaces cannot be removed.</exception>
    public void Complete(PreparedDataset dataset) => Guard(path, () =>
    {
        dataset.Write(description);
        description.Flush(flushToDisk: true);
        description.Dispose();
        if (!Directory.Exists(path))
        {
            Directory.Move(Temporary, path);
            return true;
        }

        // Two renames, so that there is nearly no moment without a whole data set, and none without one of them on the disk.
        string replaced = $"{Temporary}.old";
        if (Directory.Exists(replaced))
        {
            // Left of a run that was killed after its second rename.
            Directory.Delete(replaced, recursive: true);
        }

        Directory.Move(path, replaced);
        Directory.Move(Temporary, path);
        Directory.Delete(replaced, recursive: true);
        return true;
    });

    /// <summary>Removes what is not complete.</summary>
    public void Dispose()
    {
        description.Dispose();
        if (Directory.Exists(Temporary))
        {
            Directory.Delete(Temporary, recursive: true);
        }
    }

    /// <summary>Runs what writes to a folder.</summary>
    /// <exception cref="DataException">It cannot be written.</exception>
    public static T Guard<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception exception) when (AtomicFile.Reason(exception) is { } reason)
        {
            throw new DataException($"{path}: cannot be written: {reason}", exception);
        }
    }

    /// <summary>Where the folder really is, so that one that a link names is written where the link leads, and the link stays.</summary>
    private static string WithoutLinks(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return RealPath.Of(full) ?? (new FileInfo(full).LinkTarget is { } target
            ? throw new ConfigurationException($"{path}: is a link to {target}, which does not exist; valid: a folder")
            : Path.Combine(RealPath.Of(Path.GetDirectoryName(full) ?? full) ?? Path.GetDirectoryName(full)!, Path.GetFileName(full)));
    }

    private static bool IsOurs(string name) => name is "train" or "val" or "merges.txt" || name.EndsWith(".json", StringComparison.Ordinal);

    /// <summary>Removes what a killed run left.</summary>
    private static void RemoveLeftovers(string folder)
    {
        foreach (string left in Directory.EnumerateFileSystemEntries(folder).Where(entry => Path.GetFileName(entry) != PreparedDataset.FileName))
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
            }
            else
            {
                File.Delete(left);
            }
        }
    }
}
