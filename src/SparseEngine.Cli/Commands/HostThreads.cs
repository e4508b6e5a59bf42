using System.CommandLine;
using System.Globalization;

namespace SparseEngine.Cli.Commands;

/// <summary>How many threads the host computes with: as many as asked for, but no more than it has cores unless that is asked for too.</summary>
internal static class HostThreads
{
    /// <summary>The option that goes with <c>--threads</c>.</summary>
    public static Option<bool> CreateOversubscribe() => new("--oversubscribe")
    {
        Description = "Take --threads at its word, though there are fewer cores: slower, with the same results.",
        Arity = ArgumentArity.Zero,
    };

    /// <summary>The threads to compute with.</summary>
    /// <param name="asked">As many as asked for.</param>
    /// <param name="oversubscribe">Whether they may be more than there are cores.</param>
    /// <param name="warn">Told in one line where fewer are taken.</param>
    public static int Limited(int asked, bool oversubscribe, Action<string> warn)
    {
        int cores = Environment.ProcessorCount;
        if (oversubscribe || asked <= cores)
        {
            return asked;
        }

        warn(string.Create(
            CultureInfo.InvariantCulture,
            $"--threads is {asked}, and this process has {cores} core{(cores == 1 ? "" : "s")}: it takes {cores}, which is faster "
            + $"(--oversubscribe takes all {asked})"));
        return cores;
    }
}
