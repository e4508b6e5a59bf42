using System.Diagnostics;

namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>A launcher of MPI on this machine, over which the built program runs in several processes; messages stay on the machine.</summary>
internal sealed class MpiLauncher
{
    /// <summary>The launchers that tests run over, by the names under which Debian installs both beside each other.</summary>
    public static TheoryData<string> Names { get; } = ["mpirun.openmpi", "mpirun.mpich"];

    /// <summary>The built program.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "sparse-engine.dll");

    private static readonly string RankProgram = Path.Combine(AppContext.BaseDirectory, "SparseEngine.RankProgram.dll");

    private readonly string path;

    private MpiLauncher(string path) => this.path = path;

    /// <summary>Whether it is Open MPI's.</summary>
    public bool IsOpenMpi => Path.GetFileName(path) == "mpirun.openmpi";

    /// <summary>Finds a launcher; without it the test is skipped.</summary>
    public static MpiLauncher Find(string name)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed");
        return new MpiLauncher(path!);
    }

    /// <summary>Runs the program in several processes to its end.</summary>
    public Task<ProgramResult> RunAsync(string workingDirectory, int ranks, params string[] arguments) =>
        RunAsync(workingDirectory, ranks, [], arguments);

    /// <summary>Runs the program in several processes to its end, with other environment variables.</summary>
    public async Task<ProgramResult> RunAsync(
        string workingDirectory, int ranks, IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        using ProgramProcess program = ProgramProcess.Start(Command(ranks, environment, Program, arguments), workingDirectory);
        return await program.EndAsync();
    }

    /// <summary>Starts the program in several processes.</summary>
    public ProgramProcess Start(string workingDirectory, int ranks, params string[] arguments) => Start(workingDirectory, ranks, [], arguments);

    /// <summary>Starts the program in several processes, with other environment variables.</summary>
    public ProgramProcess Start(
        string workingDirectory, int ranks, IEnumerable<(string Name, string Value)> environment, params string[] arguments) =>
        ProgramProcess.Start(Command(ranks, environment, Program, arguments), workingDirectory);

    /// <summary>Runs the program in several processes, of which the last works in a folder of its own, as on another machine.</summary>
    public async Task<ProgramResult> RunApartAsync(string workingDirectory, string lastDirectory, int ranks, params string[] arguments)
    {
        ProcessStartInfo start = Command(ranks - 1, [], Program, arguments);
        foreach (string argument in (string[])[":", "-wdir", lastDirectory, "-n", "1", "dotnet", Program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using ProgramProcess program = ProgramProcess.Start(start, workingDirectory);
        return await program.EndAsync();
    }

    /// <summary>Runs the program whose ranks check what they tell one another.</summary>
    public async Task<ProgramResult> RunChecksAsync(string workingDirectory, int ranks)
    {
        using ProgramProcess program = ProgramProcess.Start(Command(ranks, [], RankProgram, []), workingDirectory);
        return await program.EndAsync();
    }

    private ProcessStartInfo Command(int ranks, IEnumerable<(string Name, string Value)> environment, string program, string[] arguments)
    {
        string[] options = IsOpenMpi ? ["--oversubscribe", "--bind-to", "none"] : ["-iface", "lo"];
        ProcessStartInfo start = new(path, [.. options, "-n", $"{ranks}", "dotnet", program, .. arguments]);
        (string Name, string Value)[] settings =
        [
            ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("OMPI_MCA_btl", "self,vader,tcp"),
            ("OMPI_MCA_btl_tcp_if_include", "lo"), ("OMPI_MCA_oob_tcp_if_include", "lo"),

            // A container may forbid that one process reads another's memory.
            ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
            .. environment,
        ];
        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
