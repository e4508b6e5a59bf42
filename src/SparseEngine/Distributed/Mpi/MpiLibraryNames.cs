namespace SparseEngine.Distributed.Mpi;

/// <summary>The names under which libraries of MPI are installed.</summary>
internal static class MpiLibraryNames
{
    // Homebrew's folder is none that the system looks into.
    private const string Homebrew = "/opt/homebrew/lib/";

    private static readonly string[] OpenMpi = ["libmpi.so.40", "libmpi.so"];
    private static readonly string[] Mpich = ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.so"];
    private static readonly string[] OpenMpiOfMac = ["libmpi.40.dylib", "libmpi.dylib"];
    private static readonly string[] MpichOfMac = ["libmpich.12.dylib", "libmpi.12.dylib", "libmpi.dylib"];

    /// <summary>Those of a family on this system, the likeliest first: the number at the end is that of the binary interface.</summary>
    public static IEnumerable<string> Of(MpiFamily family)
    {
        if (!OperatingSystem.IsMacOS())
        {
            return family == MpiFamily.OpenMpi ? OpenMpi : Mpich;
        }

        string[] names = family == MpiFamily.OpenMpi ? OpenMpiOfMac : MpichOfMac;
        return names.Concat(names.Select(name => Homebrew + name));
    }
}
