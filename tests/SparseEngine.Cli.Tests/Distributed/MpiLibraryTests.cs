using System.Text.Json;

namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>Which MPI library is taken, and what is said where none can be.</summary>
public sealed class MpiLibraryTests
{
    private const string OfOpenMpi = "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0";

    private static readonly string Program = typeof(MpiLibraryTests).Assembly.Location;

    [Fact]
    public async Task A_library_that_is_not_there_is_one_line_with_what_is_valid()
    {
        string line = await ErrorAsync(OfOpenMpi, "/nowhere/libmpi.so");

        Assert.Equal(
            "mpirun of Open MPI started 2 processes, but SPARSE_ENGINE_MPI is \"/nowhere/libmpi.so\", which cannot be loaded; "
            + "valid: the path of an MPI library",
            line);
    }

    [Fact]
    public async Task A_file_that_is_no_library_is_one_line()
    {
        string line = await ErrorAsync(OfOpenMpi, Program);

        Assert.Contains($"SPARSE_ENGINE_MPI is \"{Program}\", which cannot be loaded", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_library_of_something_else_is_one_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the C library has this name on Linux");

        string line = await ErrorAsync(OfOpenMpi, "libc.so.6");

        Assert.Equal(
            "mpirun of Open MPI started 2 processes, but SPARSE_ENGINE_MPI is \"libc.so.6\", which is no MPI library; "
            + "valid: the path of one, or unset for the system's",
            line);
    }

    [Fact]
    public async Task The_library_of_another_launcher_is_one_line()
    {
        MpiLauncher.Find("mpirun.mpich");

        string line = await ErrorAsync(OfOpenMpi, "libmpich.so.12");

        Assert.Matches(
            "^mpirun of Open MPI started 2 processes, but SPARSE_ENGINE_MPI is \"libmpich.so.12\", MPICH [0-9.a-z]+, "
            + "which goes with another launcher; valid: the path of Open MPI's library, or unset for the system's$",
            line);
    }

    [Fact]
    public async Task A_library_that_finds_other_ranks_than_the_launcher_started_is_one_line()
    {
        MpiLauncher.Find("mpirun.mpich");

        // As far as MPICH can see nothing has started this process.
        string line = await ErrorAsync("PMIX_RANK=0 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0", "libmpich.so.12");

        Assert.Matches("^srun started 2 processes, but MPICH .* finds 1: it goes with another launcher; valid: ", line);
    }

    [Fact]
    public async Task Ranks_of_one_host_say_it_once()
    {
        using TinyRun run = new();

        ProgramResult result = await MpiLauncher.Find("mpirun.openmpi").RunAsync(
            run.Location, 3, [("SPARSE_ENGINE_MPI", "/nowhere/libmpi.so")], Arguments());

        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Errors.Split('\n'), line => line.Contains("SPARSE_ENGINE_MPI", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mpirun.openmpi", "libmpi.so.40", "Open MPI ")]
    [InlineData("mpirun.mpich", "libmpich.so.12", "MPICH ")]
    public async Task Devices_tells_the_library_and_its_version(string launcher, string library, string version)
    {
        using TemporaryFolder folder = new();
        MpiLauncher.Find(launcher);

        (string table, string? mpi) = await DevicesAsync(folder, library);

        Assert.StartsWith(version, mpi, StringComparison.Ordinal);
        Assert.Contains(library, mpi, StringComparison.Ordinal);
        Assert.Contains($"MPI, for runs of several processes: {mpi}", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Devices_tells_that_there_is_none()
    {
        using TemporaryFolder folder = new();

        (string table, string? mpi) = await DevicesAsync(folder, "/nowhere/libmpi.so");

        Assert.Null(mpi);
        Assert.Contains("MPI, for runs of several processes: SPARSE_ENGINE_MPI is \"/nowhere/libmpi.so\"", table, StringComparison.Ordinal);
    }

    private static async Task<(string Table, string? Mpi)> DevicesAsync(TemporaryFolder folder, string library)
    {
        (string, string)[] environment = [("SPARSE_ENGINE_MPI", library)];
        ProgramResult table = await ProgramProcess.RunWithEnvironmentAsync(folder.Location, environment, "devices");
        ProgramResult json = await ProgramProcess.RunWithEnvironmentAsync(folder.Location, environment, "devices", "--json");
        JsonElement host = JsonDocument.Parse(json.EndsWith(0).Output).RootElement[0];
        return (table.EndsWith(0).Output, host.GetProperty("mpi").GetString());
    }

    private static async Task<string> ErrorAsync(string variables, string library)
    {
        using TinyRun run = new();
        (string, string)[] environment =
        [
            .. variables.Split(' ').Select(variable => variable.Split('=')).Select(variable => (variable[0], variable[1])),
            ("SPARSE_ENGINE_MPI", library),
        ];
        ProgramResult result = (await ProgramProcess.RunWithEnvironmentAsync(run.Location, environment, Arguments())).EndsWith(1);
        Assert.False(Directory.Exists(run.Output("")));
        return Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string[] Arguments() =>
        ["run", "CPU", "--params", "params.yaml", "--mode", "train", "--model_dir", "out", "--threads", "1"];
}
