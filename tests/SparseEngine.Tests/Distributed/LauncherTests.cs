using SparseEngine.Distributed.Mpi;

namespace SparseEngine.Tests.Distributed;

/// <summary>What started a process, by the variables that launchers of MPI set.</summary>
public sealed class LauncherTests
{
    [Theory]
    [InlineData(
        "mpirun of Open MPI", 2, 4, 0,
        "OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 PMIX_RANK=2 PMIX_NAMESPACE=4021288961")]
    [InlineData(
        "mpirun of Open MPI", 1, 2, 1,
        "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 PMIX_RANK=1 PMIX_VERSION=5.0.1 PRTE_LAUNCHED=1")]
    [InlineData("mpiexec of MPICH", 3, 4, 1, "PMI_RANK=3 PMI_SIZE=4 PMI_FD=7 MPI_LOCALRANKID=1 MPI_LOCALNRANKS=2")]
    [InlineData(
        "mpiexec of MPICH", 3, 4, 1,
        "PMI_RANK=3 PMI_SIZE=4 MPI_LOCALRANKID=1 SLURM_PROCID=1 SLURM_LOCALID=0 SLURM_STEP_NUM_TASKS=2")]
    [InlineData("srun", 5, 8, 1, "PMI_RANK=5 PMI_SIZE=8 PMI_JOBID=17.0 SLURM_PROCID=5 SLURM_LOCALID=1 SLURM_STEP_NUM_TASKS=8 SLURM_NTASKS=8")]
    [InlineData("srun", 5, 8, 1, "PMIX_RANK=5 PMIX_NAMESPACE=slurm.pmix.17.0 SLURM_PROCID=5 SLURM_LOCALID=1 SLURM_STEP_NUM_TASKS=8")]
    [InlineData("mpirun of Open MPI", 0, 1, 0, "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_LOCAL_RANK=0")]
    [InlineData(
        "mpirun of Open MPI", 1, 2, 1,
        "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=1")]
    public void A_launcher_is_known_by_its_variables(string name, int rank, int size, int localRank, string variables) =>
        Assert.Equal((name, rank, size, localRank), Describe(Detect(variables)));

    [Theory]
    [InlineData("")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_LOCALID=0 SLURM_JOB_ID=17")]
    [InlineData("OMPI_COMM_WORLD_RANK=0")]
    [InlineData("OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=2")]
    [InlineData("PMI_RANK=first PMI_SIZE=2")]
    [InlineData("PMIX_RANK=0 PMIX_NAMESPACE=x")]
    public void Without_rank_and_size_there_is_none(string variables) => Assert.Null(Detect(variables));

    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2", new[] { MpiFamily.OpenMpi })]
    [InlineData("PMI_RANK=0 PMI_SIZE=2", new[] { MpiFamily.Mpich })]
    [InlineData("PMI_RANK=0 PMI_SIZE=2 SLURM_PROCID=0", new[] { MpiFamily.Mpich, MpiFamily.OpenMpi })]
    [InlineData("PMIX_RANK=0 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0", new[] { MpiFamily.OpenMpi, MpiFamily.Mpich })]
    public void The_library_is_the_launchers_own_and_under_slurm_any(string variables, MpiFamily[] families) =>
        Assert.Equal(families, Detect(variables)!.Families);

    [Theory]
    [InlineData("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", MpiFamily.OpenMpi, "Open MPI 4.1.4")]
    [InlineData("Open MPI v5.0.0rc12, package: Open MPI distribution", MpiFamily.OpenMpi, "Open MPI 5.0.0rc12")]
    [InlineData("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\n", MpiFamily.Mpich, "MPICH 4.0.2")]
    [InlineData("Intel(R) MPI Library 2021.9 for Linux* OS\n", MpiFamily.Mpich, "Intel MPI 2021.9")]
    [InlineData("MVAPICH2 Version      :\t2.3.7\n", MpiFamily.Mpich, "MVAPICH 2.3.7")]
    public void A_library_is_called_by_its_name_and_number(string text, MpiFamily family, string version) =>
        Assert.Equal(version, MpiLibrary.ShortVersion(text, family));

    private static (string Name, int Rank, int Size, int? LocalRank) Describe(Launcher? launcher) =>
        (launcher!.Name, launcher.Rank, launcher.Size, launcher.LocalRank);

    private static Launcher? Detect(string variables)
    {
        Dictionary<string, string> environment = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('='))
            .ToDictionary(variable => variable[0], variable => variable[1]);
        return Launcher.Detect(environment.GetValueOrDefault);
    }
}
