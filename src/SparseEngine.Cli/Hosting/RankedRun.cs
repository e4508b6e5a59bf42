using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using SparseEngine.Distributed;
using SparseEngine.Distributed.Mpi;

namespace SparseEngine.Cli.Hosting;

/// <summary>
/// A run of several ranks as one of them sees it. What all ranks say is said once, by rank 0, as by one process; what another has to say begins with
/// its number and host.
/// </summary>
internal static class RankedRun
{
    /// <summary>The first argument of a process that is the ranks' <see cref="Distributed.Watch.RankWitness"/>: no command for people.</summary>
    public const string WitnessCommand = "rank-witness";

    /// <summary>In which what has gone wrong on all hosts is told by rank 0, and has ended all ranks.</summary>
    private static readonly TimeSpan Precedence = TimeSpan.FromSeconds(3);

    /// <summary>In which all ranks of a host have ended, but for the first.</summary>
    private static readonly TimeSpan LastEnd = TimeSpan.FromSeconds(0.3);

    /// <summary>In which the launcher has read its last line.</summary>
    private static readonly TimeSpan LastLine = TimeSpan.FromSeconds(0.1);

    /// <summary>Whether a launcher has started this process as one of several.</summary>
    public static bool IsOne => Launcher.Detect() is { Size: > 1 };

    /// <summary>Whether a launcher has started it as another than the first.</summary>
    public static bool IsOther => Launcher.Detect() is { Rank: > 0 };

    /// <summary>Joins the others, runs, and takes leave of them; without others it only runs.</summary>
    /// <param name="command">What runs.</param>
    /// <param name="logging">The level of its log.</param>
    /// <param name="timeout">How long a rank may be silent.</param>
    /// <param name="run">The run; its exit code.</param>
    /// <returns>The greatest exit code of all ranks.</returns>
    /// <exception cref="CommunicationException">The ranks cannot be brought together.</exception>
    public static int Execute(Command command, string? logging, TimeSpan timeout, Func<Communicator, int> run)
    {
        Communicator ranks = Ranks.Join(new JoinOptions
        {
            Timeout = timeout,
            Witness = arguments => ChildProgram.StartInfo([WitnessCommand, .. arguments]),
        });
        if (ranks.IsAlone)
        {
            return run(ranks);
        }

        if (!ranks.IsFirst)
        {
            StandardStreams.SpeakAs($"{ranks.Place}");
        }

        try
        {
            int code = run(ranks);
            return Leave(ranks, ranks.Gather([(byte)code]).Max(block => block[0]));
        }
        catch (JointFailure failure)
        {
            if (ranks.IsFirst)
            {
                ErrorLine.Write(failure, command, logging);
            }

            return Leave(ranks, failure.ExitCode);
        }
        catch (Exception error)
        {
            Fail(ranks, error, command, logging);
            throw;
        }
    }

    /// <summary>
    /// Does what each rank does by itself before they begin together. Where one fails all fail, and none is ended in the middle of something: a
    /// launcher that has to do that has an exit code of its own for it.
    /// </summary>
    /// <exception cref="JointFailure">It failed in this rank or another.</exception>
    public static T Together<T>(Communicator ranks, Command command, Func<T> step)
    {
        if (ranks.IsAlone)
        {
            return step();
        }

        T? result = default;
        Exception? own = null;
        try
        {
            result = step();
        }
        catch (Exception error)
        {
            own = error;
        }

        ImmutableArray<byte[]> errors = ranks.Gather(
            own is null ? [] : [(byte)ErrorLine.ExitCodeOf(own), .. Encoding.UTF8.GetBytes(ErrorLine.Of(own, command))]);
        if (errors.FirstOrDefault(error => error.Length > 0) is not [byte code, .. byte[] text])
        {
            return result!;
        }

        // What all have is told as by one process.
        RankPlace place = ranks.Places[errors.IndexOf(errors.First(error => error.Length > 0))];
        string line = Encoding.UTF8.GetString(text);
        throw new JointFailure(place.Rank == 0 ? line : $"{place}: {line}", code, own);
    }

    /// <summary>Whether this process tells what is wrong with the command line, which is so everywhere.</summary>
    public static bool IsUsageToldHere()
    {
        if (!IsOther)
        {
            return true;
        }

        // Who ends first may have all others ended by the launcher, before rank 0 has spoken.
        Thread.Sleep(2 * Precedence);
        return false;
    }

    /// <summary>Whether this process tells of an error that kept it from joining the others.</summary>
    public static bool IsToldHere(Exception error)
    {
        if (Launcher.Detect() is not { Rank: > 0 } launcher)
        {
            return true;
        }

        // A library is a matter of each host, and rank 0 knows its own alone.
        bool isOfThisHost = error is CommunicationException && launcher.LocalRank == 0;
        if (!isOfThisHost)
        {
            return IsUsageToldHere();
        }

        Thread.Sleep(Precedence);
        StandardStreams.SpeakAs($"{new RankPlace(launcher.Rank, Environment.MachineName, Environment.ProcessId, 0)}");
        return true;
    }

    /// <summary>Takes leave of the others.</summary>
    /// <returns>The exit code.</returns>
    private static int Leave(Communicator ranks, int exitCode)
    {
        ranks.Dispose();
        if (exitCode != ExitCode.Done && ranks.IsFirst)
        {
            // MPICH's launcher takes 0 for the exit code of whom it finds gone only once all output of the host is closed; it looks at each line.
            // So one ends last, and has a last line.
            Thread.Sleep(LastEnd);
            Console.Out.WriteLine(FormattableString.Invariant($"{ranks.Places.Length} ranks have ended with exit code {exitCode}"));
            Thread.Sleep(LastLine);
        }

        return exitCode;
    }

    private static void Fail(Communicator ranks, Exception error, Command command, string? logging)
    {
        int code = ErrorLine.ExitCodeOf(error);

        // The others end after this process.
        if (!ranks.Fail(ErrorLine.Of(error, command), code))
        {
            if (code != ExitCode.Usage)
            {
                // A configuration is that of all; what fails later may be a matter of this host.
                StandardStreams.SpeakAs($"{ranks.Place}");
            }

            ErrorLine.Write(error, command, logging);
        }

        Ranks.Abandon(code);
    }
}
