using System.Globalization;
using SparseEngine.Configuration;

namespace SparseEngine.Files;

/// <summary>
/// A model directory that one run at a time writes to: another one, of this process or any other, is refused until the first ends, however it ends.
/// </summary>
/// <remarks>
/// The hold is the operating system's lock of a file, which ends with its process; links to a folder lead to the same file. A text
/// beside it says who holds it, since on Windows nobody can read what is locked. The text may be missing or be that of a process
/// which was killed: the lock alone decides. A file system without locks, as some network shares are, holds nobody back.
/// </remarks>
internal sealed class FolderHold : IDisposable
{
    private const string LockName = ".run.lock";
    private const string OwnerName = ".run.owner";

    // How long a holder may take to say who it is, and an evaluation to write its line.
    private const int Attempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string folder;
    private readonly IReadOnlyList<string> madeFolders;
    private readonly FileStream file;

    private FolderHold(string folder, IReadOnlyList<string> madeFolders, FileStream file)
    {
        this.folder = folder;
        this.madeFolders = madeFolders;
        this.file = file;
    }

    private static string ThisHost => Environment.MachineName;

    /// <summary>Takes a folder for a run, makes it where it does not exist, and says in it who holds it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ConfigurationException">Another run holds it.</exception>
    /// <exception cref="OutputException">It cannot be made or written to.</exception>
    public static FolderHold Take(string folder, string name = "model_dir")
    {
        List<string> made = MissingFolders(folder);
        if (OpenInTime(folder, out string? owner) is not { } file)
        {
            throw new ConfigurationException(
                $"{name} {folder} is in use: {owner ?? "another process"} runs there; "
                + $"valid: another {(name.Contains(' ', StringComparison.Ordinal) ? "folder" : name)}, or this one when that run has ended");
        }

        WriteOwner(folder);
        return new FolderHold(folder, made, file);
    }

    /// <summary>Whether a name is that of a file by which folders are held.</summary>
    public static bool IsOwn(string name) => name is LockName or OwnerName;

    /// <summary>Takes a folder that exists for a moment, to add to a file of it; null where a run holds it.</summary>
    /// <exception cref="OutputException">It cannot be written to.</exception>
    public static FolderHold? TryTakeBriefly(string folder) => OpenInTime(folder, out _) is { } file ? new FolderHold(folder, [], file) : null;

    /// <summary>Lets go of the folder. One that was made for this and that nothing was written to is removed again.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(Path.Combine(folder, OwnerName));
            if (madeFolders.Count > 0 && Directory.EnumerateFileSystemEntries(folder).All(entry => Path.GetFileName(entry) == LockName))
            {
                if (OperatingSystem.IsWindows())
                {
                    // What is open cannot be deleted there; elsewhere it must be, lest another run lock it in between.
                    file.Dispose();
                }

                File.Delete(Path.Combine(folder, LockName));
                foreach (string made in madeFolders)
                {
                    Directory.Delete(made);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is left holds nobody back: the lock ends here.
        }
        finally
        {
            file.Dispose();
        }
    }

    /// <summary>Opens and locks the file, or waits until its holder has let go or said who it is; null where it stays locked.</summary>
    private static FileStream? OpenInTime(string folder, out string? owner)
    {
        owner = null;
        for (int attempt = 1; ; attempt++)
        {
            if (TryOpen(folder) is { } file)
            {
                return file;
            }

            owner = ReadOwner(folder);
            if (owner is not null || attempt == Attempts)
            {
                return null;
            }

            Thread.Sleep(Pause);
        }
    }

    /// <summary>Opens and locks the file; null where it is locked already.</summary>
    private static FileStream? TryOpen(string folder)
    {
        string path = Path.Combine(folder, LockName);
        try
        {
            Directory.CreateDirectory(folder);
            FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (File.Exists(path))
            {
                return file;
            }

            // Its last holder has removed the folder between the opening and the locking.
            file.Dispose();
            return null;
        }
        catch (IOException exception) when (IsLocked(exception))
        {
            return null;
        }
        catch (Exception exception) when (AtomicFile.Reason(exception) is { } reason)
        {
            throw new OutputException($"model_dir {folder} cannot be written to: {reason}", exception);
        }
    }

    // EAGAIN of Linux, that of macOS and the BSDs, ERROR_SHARING_VIOLATION.
    private static bool IsLocked(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static List<string> MissingFolders(string folder)
    {
        List<string> missing = [];
        for (string? path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            path is not null && !Directory.Exists(path);
            path = Path.GetDirectoryName(path))
        {
            missing.Add(path);
        }

        return missing;
    }

    private static void WriteOwner(string folder)
    {
        try
        {
            File.WriteAllText(Path.Combine(folder, OwnerName), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {ThisHost}\n"));
        }
        catch (Exception exception) when (AtomicFile.Reason(exception) is not null)
        {
            // On a full disk the folder is held all the same, by a process that others cannot name.
        }
    }

    /// <summary>Who holds the folder; null where nobody says so, or only a process that is no more.</summary>
    private static string? ReadOwner(string folder)
    {
        try
        {
            string[] words = File.ReadAllText(Path.Combine(folder, OwnerName)).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            return words is [string id, string host] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && (host != ThisHost || Exists(process))
                ? string.Create(CultureInfo.InvariantCulture, $"process {process} on host {host}")
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Exists(int process)
    {
        try
        {
            System.Diagnostics.Process.GetProcessById(process).Dispose();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
