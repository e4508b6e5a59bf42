using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SparseEngine.Distributed.Watch;

/// <summary>A rank's connection to the <see cref="RankWitness"/> of its machine, which rank 0 starts. It reads a pipe of each.</summary>
internal sealed class WitnessConnection : IDisposable
{
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TellPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);
    private static readonly string[] OfLaunchers = ["PMI", "OMPI_", "PMIX_", "MPI_", "HYDI_"];

    private readonly Process? process;
    private readonly string standardInput;
    private readonly FileStream pipe;

    private WitnessConnection(string path, Process? process)
    {
        (this.process, standardInput) = (process, Path.Combine(Path.GetDirectoryName(path)!, "0"));
        pipe = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    /// <summary>Whether it tells of a rank that is lost; not where it was itself killed, as far as this rank can know.</summary>
    public bool IsThere => process is not { HasExited: true, ExitCode: not 0 };

    /// <summary>Starts the witness, and connects all ranks with it. All call it.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="program">The program that is one, given its arguments; null for none, in all ranks.</param>
    /// <returns>The connection; null in all ranks where there is no witness: several hosts, several containers, or a system that has none.</returns>
    public static WitnessConnection? Open(Communicator ranks, Func<IReadOnlyList<string>, ProcessStartInfo>? program)
    {
        if (program is null)
        {
            return null;
        }

        string space = ProcessSpace();
        ImmutableArray<byte[]> spaces = ranks.Gather(Encoding.UTF8.GetBytes(space.Length == 0 ? "" : $"{space} {ranks.Place.Host}"));
        WitnessConnection? connection = null;
        if (spaces[0].Length > 0 && spaces.All(other => other.AsSpan().SequenceEqual(spaces[0])))
        {
            string paths = "";
            Process? process = ranks.IsFirst ? Start(program, ranks.Places, out paths) : null;
            string[] path = Encoding.UTF8.GetString(ranks.Broadcast(Encoding.UTF8.GetBytes(paths))).Split(' ');
            connection = path.Length == ranks.Size ? Connect(path[ranks.Rank], process) : null;
            if (ranks.Gather([(byte)(connection is null ? 0 : 1)]).All(block => block[0] == 1))
            {
                process?.StandardInput.WriteLine();
                return connection;
            }
        }

        connection?.Dispose();
        return null;
    }

    /// <summary>Waits until it has told of a rank that is lost: whoever ended before it has could seem to be the first.</summary>
    public void WaitUntilTold()
    {
        // Of a process that has ended, no descriptor is left.
        long until = Environment.TickCount64 + (long)TellPatience.TotalMilliseconds;
        while (File.Exists(standardInput) && Environment.TickCount64 < until)
        {
            Thread.Sleep(LookInterval);
        }
    }

    /// <summary>Makes the ends of ranks nothing to be told from here on.</summary>
    public void Dismiss()
    {
        try
        {
            pipe.WriteByte(1);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It has told already, or is gone.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dismiss();
        pipe.Dispose();
        process?.Dispose();
    }

    /// <summary>What the numbers of processes are valid in; empty where that is not known.</summary>
    private static string ProcessSpace()
    {
        try
        {
            return OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Process? Start(
        Func<IReadOnlyList<string>, ProcessStartInfo> program, ImmutableArray<RankPlace> places, out string paths)
    {
        paths = "";
        ProcessStartInfo start = program([places[0].Host, places.Length.ToString(CultureInfo.InvariantCulture)]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = false;
        start.UseShellExecute = false;

        // It is no rank.
        string[] names = [.. start.Environment.Keys];
        foreach (string name in names.Where(name => OfLaunchers.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            start.Environment.Remove(name);
        }

        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            Task<string?> answer = process.StandardOutput.ReadLineAsync();
            if (answer.Wait(ReadyPatience) && answer.Result?.Split(' ') is [RankWitness.Ready, .. string[] descriptors])
            {
                string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/fd");
                paths = string.Join(' ', descriptors.Select(descriptor => $"{folder}/{descriptor}"));
                return process;
            }
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException or AggregateException)
        {
            // A run is as good without one.
        }

        if (process is not null)
        {
            process.Kill();
            process.Dispose();
        }

        return null;
    }

    private static WitnessConnection? Connect(string path, Process? process)
    {
        try
        {
            return new WitnessConnection(path, process);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            process?.Kill();
            process?.Dispose();
            return null;
        }
    }
}
