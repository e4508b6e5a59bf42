namespace SparseEngine.Distributed.Mpi;

/// <summary>The two ways in which libraries of MPI are called: what a handle is, and which numbers their constants have.</summary>
public enum MpiFamily
{
    /// <summary>Open MPI and what is made of it: a handle is an address.</summary>
    OpenMpi,

    /// <summary>MPICH and all that keep to its binary interface, such as Intel MPI and MVAPICH: a handle is a number.</summary>
    Mpich,
}
