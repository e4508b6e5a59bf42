using System.Globalization;
using System.Runtime.CompilerServices;
using SparseEngine.Cli.Hosting;
using SparseEngine.Distributed.Watch;

namespace SparseEngine.Cli;

/// <summary>The entry point. Whatever the runtime refuses from here on, an assembly included, ends in one line.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        LastWords.Prepare();
        try
        {
            return Run(args);
        }
        catch (Exception error)
        {
            return LastWords.Say(error);
        }
    }

    // A method of its own: what it needs is loaded when it is called, where a failure to load is caught.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] args)
    {
        // A second line of defence: all text is written without a culture as it is, and of the packages' text this takes care.
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentUICulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        if (args is [RankedRun.WitnessCommand, .. string[] ranks])
        {
            return RankWitness.Run(ranks);
        }

        StandardStreams.Open();
        return CommandLine.Invoke(args);
    }
}
