using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace SparseEngine.Distributed.Mpi;

/// <summary>A library of MPI on this machine.</summary>
/// <remarks>Nothing of MPI is started by looking for one: the functions that are called here may be called at any time.</remarks>
public sealed partial class MpiLibrary
{
    /// <summary>The environment variable that names the library to take.</summary>
    public const string Variable = "SPARSE_ENGINE_MPI";

    /// <summary>What Open MPI's libraries export, and no others.</summary>
    internal const string OpenMpiWorld = "ompi_mpi_comm_world";

    // MPICH's MPI_MAX_LIBRARY_VERSION_STRING; Open MPI's is shorter.
    private const int LongestVersion = 8192;

    private MpiLibrary(string path, nint handle, MpiFamily family, string version)
    {
        Path = path;
        Handle = handle;
        Family = family;
        Version = version;
    }

    private delegate int GetLibraryVersion(nint version, out int length);

    /// <summary>The file, or the name by which the system finds it.</summary>
    public string Path { get; }

    /// <summary>How it is called.</summary>
    public MpiFamily Family { get; }

    /// <summary>What it calls itself: "Open MPI 4.1.4".</summary>
    public string Version { get; }

    internal nint Handle { get; }

    /// <summary>The library that a run takes: the one that <see cref="Variable"/> names, else the first that the system finds.</summary>
    /// <param name="launcher">What started the processes that are to be brought together; null where nothing did.</param>
    /// <exception cref="CommunicationException">There is none, or the one that is named is none.</exception>
    public static MpiLibrary Find(Launcher? launcher = null)
    {
        ImmutableArray<MpiFamily> families = launcher?.Families ?? [MpiFamily.OpenMpi, MpiFamily.Mpich];
        UcxSettings.Make(launcher is { KillsOthers: true, IsOneHost: true });
        return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
            ? Named(named, families)
            : Installed(families);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Version} ({Path})";

    private static MpiLibrary Named(string path, ImmutableArray<MpiFamily> families)
    {
        nint handle;
        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new CommunicationException(
                $"{Variable} is \"{path}\", which cannot be loaded{Reason(error)}; valid: the path of an MPI library", error);
        }

        MpiLibrary library = Of(path, handle)
            ?? throw new CommunicationException(
                $"{Variable} is \"{path}\", which is no MPI library; valid: the path of one, or unset for the system's");
        return families.Contains(library.Family)
            ? library
            : throw new CommunicationException($"{Variable} is \"{path}\", {library.Version}, which goes with another launcher; "
                + $"valid: the path of {Name(families[0])}'s library, or unset for the system's");
    }

    private static MpiLibrary Installed(ImmutableArray<MpiFamily> families)
    {
        string[] names = [.. families.SelectMany(MpiLibraryNames.Of).Distinct()];
        foreach (string name in names)
        {
            // libmpi.so may be anybody's.
            if (NativeLibrary.TryLoad(name, out nint handle) && Of(name, handle) is { } library && families.Contains(library.Family))
            {
                return library;
            }
        }

        string whose = string.Join(" or ", families.Select(Name));
        throw new CommunicationException($"no MPI library of {whose} is found (tried {string.Join(", ", names)}); "
            + $"valid: one that the system finds, or its path in {Variable}");
    }

    private static MpiLibrary? Of(string name, nint handle)
    {
        if (!NativeLibrary.TryGetExport(handle, "MPI_Init_thread", out _)
            || !NativeLibrary.TryGetExport(handle, "MPI_Get_library_version", out nint version))
        {
            return null;
        }

        MpiFamily family = NativeLibrary.TryGetExport(handle, OpenMpiWorld, out _) ? MpiFamily.OpenMpi : MpiFamily.Mpich;
        return new MpiLibrary(LoadedFile(name) ?? name, handle, family, ReadVersion(version, family));
    }

    private static string ReadVersion(nint function, MpiFamily family)
    {
        byte[] text = GC.AllocateArray<byte>(LongestVersion, pinned: true);
        Marshal.GetDelegateForFunctionPointer<GetLibraryVersion>(function)(Marshal.UnsafeAddrOfPinnedArrayElement(text, 0), out int length);
        return ShortVersion(Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length)), family);
    }

    /// <summary>Name and number of what fills several lines, or one with the names of those who built it.</summary>
    internal static string ShortVersion(string text, MpiFamily family)
    {
        Match number = VersionNumber().Match(text);
        string name = text.Contains("Intel", StringComparison.Ordinal) ? "Intel MPI"
            : text.Contains("MVAPICH", StringComparison.Ordinal) ? "MVAPICH"
            : Name(family);
        return number.Success ? $"{name} {number.Value}" : name;
    }

    private static string Name(MpiFamily family) => family == MpiFamily.OpenMpi ? "Open MPI" : "MPICH";

    /// <summary>The file that was loaded for a name; null where the system does not say.</summary>
    private static string? LoadedFile(string name)
    {
        const string Maps = "/proc/self/maps";
        if (!File.Exists(Maps))
        {
            return null;
        }

        string file = System.IO.Path.GetFileName(name);
        return File.ReadLines(Maps)
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and int start ? line[start..] : "")
            .FirstOrDefault(path => System.IO.Path.GetFileName(path).StartsWith(file, StringComparison.Ordinal));
    }

    private static string Reason(Exception error) => error is BadImageFormatException ? " (it is for another kind of machine)" : "";

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?\w*")]
    private static partial Regex VersionNumber();
}
