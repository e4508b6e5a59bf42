using System.Globalization;
using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Watch;

/// <summary>
/// A process beside the ranks of a machine, in a session of its own, that tells which of them is lost first: MPICH's launcher kills all others within
/// milliseconds, who then cannot. It says nothing where the ranks part in peace, or where one tells of something else.
/// </summary>
public static class RankWitness
{
    /// <summary>
    /// What it writes to standard output, with the descriptors that the ranks connect to. A line, or the end, of standard input says that they have.
    /// </summary>
    internal const string Ready = "ready:";

    /// <summary>Is the witness until the run is over.</summary>
    /// <param name="arguments">What <see cref="Mpi.JoinOptions.Witness"/> was given: the host's name and the number of ranks.</param>
    /// <returns>The exit code: 0 where there was nothing to tell, or it has told.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 1;
        }

        // Signals to a rank's process group, the launcher's and those of a terminal, must not reach it.
        _ = StartSession();
        try
        {
            using RankPipes pipes = new(int.Parse(arguments[1], CultureInfo.InvariantCulture));
            Console.Out.WriteLine($"{Ready} {string.Join(' ', pipes.WriteEnds)}");
            _ = Console.In.ReadLine();
            pipes.Watch();
            int rank = pipes.Next(out bool isGone);
            if (isGone)
            {
                new RankFailure(new RankPlace(rank, arguments[0], ProcessId: 0, rank), RankWatch.Gone, ExitCode: 1, IsToldHere: true).Tell();
            }

            return 0;
        }
        catch (IOException)
        {
            // The ranks do without.
            return 1;
        }
    }

#pragma warning disable SYSLIB1054 // The generated code would be unsafe.
    [DllImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StartSession();
#pragma warning restore SYSLIB1054
}
