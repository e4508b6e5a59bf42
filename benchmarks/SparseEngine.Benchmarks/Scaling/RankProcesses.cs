using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>The ranks of one model, processes that a launcher of MPI starts: each does what it is asked and tells what it measured.</summary>
/// <remarks>
/// Between two questions they wait for a socket, not for one another, so that they take no time from whatever is measured in turn with them.
/// </remarks>
internal sealed class RankProcesses : IDisposable
{
    private static readonly string[] Launchers = ["mpirun", "mpiexec", "srun"];

    // Open MPI wants to be told of more ranks than cores, of root in a container, and not to tie a rank to a core; others do not read this.
    private static readonly (string Name, string Value)[] Settings =
    [
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ("PRTE_MCA_hwloc_default_binding_policy", "none"),
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    ];

    private readonly Process launcher;
    private readonly Connection[] ranks;

    private RankProcesses(Process launcher, Connection[] ranks)
    {
        this.launcher = launcher;
        this.ranks = ranks;
    }

    /// <summary>The number of ranks.</summary>
    public int Count => ranks.Length;

    /// <summary>What carries their messages.</summary>
    public required string Description { get; init; }

    /// <summary>The first launcher that is on the PATH; null where there is none.</summary>
    public static string? FindLauncher() => Launchers.FirstOrDefault(name =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name))));

    /// <summary>Starts them, and waits until all have built their model.</summary>
    /// <param name="launcher">The launcher's name or path.</param>
    /// <param name="count">The number of ranks.</param>
    /// <param name="zeros">Zeros in the decoder's weights, in percent.</param>
    /// <exception cref="InvalidOperationException">They did not start.</exception>
    public static RankProcesses Start(string launcher, int count, int zeros)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int[] numbers = [((IPEndPoint)listener.LocalEndpoint).Port, zeros];
        ProcessStartInfo start = new(
            launcher,
            [
                "-n", count.ToString(CultureInfo.InvariantCulture), Environment.ProcessPath!, RankWorker.Argument,
                .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            ])
        {
            RedirectStandardInput = true,
        };
        foreach ((string name, string value) in Settings)
        {
            start.Environment.TryAdd(name, value);
        }

        Process process = Process.Start(start)!;
        List<Connection> connections = [];
        while (connections.Count < count)
        {
            while (!listener.Pending())
            {
                if (process.WaitForExit(TimeSpan.FromMilliseconds(50)))
                {
                    throw new InvalidOperationException(Invariant($"{launcher} ended with {process.ExitCode} before all ranks were there"));
                }
            }

            connections.Add(new Connection(listener.AcceptTcpClient()));
        }

        string[] descriptions = [.. connections.Select(connection => connection.Read())];
        return new RankProcesses(process, [.. connections]) { Description = descriptions[0] };
    }

    /// <summary>Asks all ranks for the same and waits for them.</summary>
    /// <param name="what">A line that <see cref="RankWorker"/> knows.</param>
    /// <returns>What each measured, the longest of all ranks, number by number.</returns>
    public double[] Ask(string what)
    {
        Array.ForEach(ranks, rank => rank.Write(what));
        double[][] answers =
            [.. ranks.Select(rank => rank.Read().Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray())];
        return [.. answers[0].Select((_, i) => answers.Max(answer => answer[i]))];
    }

    public void Dispose()
    {
        Array.ForEach(ranks, rank => rank.Dispose());
        launcher.WaitForExit();
        launcher.Dispose();
    }

    private sealed class Connection(TcpClient client) : IDisposable
    {
        private readonly StreamReader reader = new(client.GetStream());
        private readonly StreamWriter writer = new(client.GetStream()) { AutoFlush = true };

        public string Read() => reader.ReadLine() ?? throw new InvalidOperationException("a rank ended");

        public void Write(string line) => writer.WriteLine(line);

        public void Dispose() => client.Dispose();
    }
}
