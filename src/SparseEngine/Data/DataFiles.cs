using SparseEngine.Files;

namespace SparseEngine.Data;

/// <summary>The files of data that paths name: each real file once, whatever links and names lead to it.</summary>
internal static class DataFiles
{
    private const char Undecodable = '\uFFFD';

    private const string Devices = "/dev/";

    /// <summary>What is no device there: memory as a file system, and the terminals in which somebody may type.</summary>
    private static readonly string[] NoDevices = ["/dev/shm/", "/dev/pts/", "/dev/tty"];

    /// <summary>The files of a folder that are wanted, in ordinal order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="depth">Whether its subfolders are part of it.</param>
    /// <param name="isWanted">Tells by a path.</param>
    /// <param name="leftOut">Receives the others; null where nobody asks.</param>
    /// <exception cref="DataException">A folder cannot be read, or a name that is wanted stands for no file.</exception>
    public static IReadOnlyList<WalkedFile> InFolder(
        string folder, SearchOption depth, Predicate<string> isWanted, ICollection<WalkedFile>? leftOut = null)
    {
        List<WalkedFile> wanted = [];
        foreach (WalkedFile file in Guard(folder, () => FolderWalk.Files(folder, depth)))
        {
            if (isWanted(file.Path))
            {
                wanted.Add(Check(file));
            }
            else
            {
                leftOut?.Add(file);
            }
        }

        return [.. FolderWalk.Once(wanted)];
    }

    /// <summary>The file that a path names by itself.</summary>
    /// <exception cref="DataException">It is a device, some of which have no end.</exception>
    public static WalkedFile Named(string path)
    {
        // A pipe, as shells pass them by descriptor, has no real path.
        string real = Guard(path, () => RealPath.Of(path)) ?? Path.GetFullPath(path);
        return real.StartsWith(Devices, StringComparison.Ordinal) && !NoDevices.Any(other => real.StartsWith(other, StringComparison.Ordinal))
            && Guard(path, () => new FileInfo(real)) is { Exists: true, Length: 0 }
            ? throw new DataException($"{path}: is a device; valid: a file, or a pipe")
            : new WalkedFile(path, real, IsLinked: false);
    }

    /// <summary>A file that a pattern matches.</summary>
    /// <exception cref="DataException">The name stands for no file.</exception>
    public static WalkedFile Matched(string path) => Guard(path, () => Check(new WalkedFile(path, RealPath.Of(path), IsLinked: false)));

    /// <summary>Runs what looks at the disk.</summary>
    /// <exception cref="DataException">It fails.</exception>
    public static T Guard<T>(string path, Func<T> look)
    {
        try
        {
            return look();
        }
        catch (FileNotFoundException exception) when (new FileInfo(path).LinkTarget is not null)
        {
            throw LeadsNowhere(path, exception);
        }
        catch (DirectoryNotFoundException exception) when (exception.Message.Contains(Undecodable))
        {
            throw new DataException($"{path}: has a folder whose name is not UTF-8, and so it cannot be opened; rename it", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    private static DataException LeadsNowhere(string path, Exception? inner = null) =>
        new($"{path}: is a link that leads nowhere; remove it, or restore what it names", inner);

    private static WalkedFile Check(WalkedFile file)
    {
        if (Path.GetFileName(file.Path).Contains(Undecodable) && !File.Exists(file.RealPath))
        {
            throw new DataException($"{file.Path}: its name is not UTF-8, and so it cannot be opened; rename it");
        }

        return file.RealPath is null ? throw LeadsNowhere(file.Path) : file;
    }
}
