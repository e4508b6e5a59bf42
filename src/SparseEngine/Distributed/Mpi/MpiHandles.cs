using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>The constants of mpi.h that are used here, as a family of libraries has them.</summary>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Bytes">MPI_BYTE.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="IgnoredStatus">MPI_STATUS_IGNORE.</param>
internal sealed record MpiHandles(nint World, nint Bytes, nint ErrorsReturn, nint IgnoredStatus)
{
    /// <summary>Those of a library.</summary>
    public static MpiHandles Of(MpiLibrary library) => library.Family == MpiFamily.Mpich
        ? new MpiHandles(World: 0x44000000, Bytes: 0x4c00010d, ErrorsReturn: 0x54000001, IgnoredStatus: 1)
        : new MpiHandles(
            World: NativeLibrary.GetExport(library.Handle, MpiLibrary.OpenMpiWorld),
            Bytes: NativeLibrary.GetExport(library.Handle, "ompi_mpi_byte"),
            ErrorsReturn: NativeLibrary.GetExport(library.Handle, "ompi_mpi_errors_return"),
            IgnoredStatus: 0);
}
