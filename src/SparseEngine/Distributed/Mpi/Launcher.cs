using System.Collections.Immutable;
using System.Globalization;

namespace SparseEngine.Distributed.Mpi;

/// <summary>What started this process as one of several, as its environment tells.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Rank">This process's number among those it started, from 0.</param>
/// <param name="Size">How many processes it started.</param>
/// <param name="LocalRank">This process's number among those on its machine, from 0; null where the launcher does not say.</param>
public sealed record Launcher(string Name, int Rank, int Size, int? LocalRank)
{
    /// <summary>Whose libraries it can bring together, the likeliest first.</summary>
    internal ImmutableArray<MpiFamily> Families { get; private init; } = [MpiFamily.OpenMpi, MpiFamily.Mpich];

    /// <summary>Whether all are known to run on one machine.</summary>
    internal bool IsOneHost { get; private init; }

    /// <summary>Whether it kills all ranks at once when one is lost.</summary>
    internal bool KillsOthers => Families is [MpiFamily.Mpich];

    /// <summary>What started this process; null where it runs by itself.</summary>
    public static Launcher? Detect() => Detect(Environment.GetEnvironmentVariable);

    /// <summary>What started the process that has the environment <paramref name="variable"/>.</summary>
    /// <remarks>
    /// Slurm's SLURM_PROCID alone is none: a batch script, and whatever it starts without srun, has it too.
    /// </remarks>
    internal static Launcher? Detect(Func<string, string?> variable)
    {
        // A launcher of MPICH may well have been started by a step of Slurm, whose variables its processes inherit.
        bool isHydra = variable("MPI_LOCALRANKID") is not null || variable("SLURM_PROCID") is null;
        return Read("mpirun of Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", MpiFamily.OpenMpi)
            ?? (isHydra
                ? Read("mpiexec of MPICH", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", MpiFamily.Mpich)
                : Read("srun", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", MpiFamily.OpenMpi, MpiFamily.Mpich)
                    ?? Read("srun", "PMI_RANK", "PMI_SIZE", "SLURM_LOCALID", MpiFamily.Mpich, MpiFamily.OpenMpi));

        Launcher? Read(string name, string rankName, string sizeName, string localRankName, params ImmutableArray<MpiFamily> families) =>
            Number(rankName) is { } rank && Number(sizeName) is { } size && rank < size
                ? new Launcher(name, rank, size, Number(localRankName)) { Families = families, IsOneHost = Number("MPI_LOCALNRANKS") == size }
                : null;

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
