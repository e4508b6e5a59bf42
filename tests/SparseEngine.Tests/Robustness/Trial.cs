using SparseEngine.Configuration;

namespace SparseEngine.Tests.Robustness;

/// <summary>Loading something that may be damaged: it must end soon, in a valid object or in one line, and take little memory.</summary>
[CollectionDefinition(Alone, DisableParallelization = true)]
public static class Trial
{
    /// <summary>The collection of tests that run while no other does, since what a process takes of memory cannot be told apart by test.</summary>
    public const string Alone = "alone";

    // Together 20 seconds, far beyond what any of them takes: only a hang meets it. A process that is paused meanwhile misses one glance.
    private const int Glances = 1000;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    // What is resident: a parser may set aside what a file states and never touch it.
    private const long LargestMemory = 1L << 30;

    private const int LongestLine = 1200;

    // As small as a thread's stack is anywhere, so that endless recursion cannot hide in a large one.
    private const int StackSize = 1 << 20;

    /// <summary>Loads one after the other and fails with the names of all that did not end as they must.</summary>
    /// <typeparam name="TError">The only kind of error there may be.</typeparam>
    /// <param name="cases">What to load, and how to name it where it fails.</param>
    internal static void All<TError>(IEnumerable<(string Name, Action Load)> cases)
        where TError : Exception
    {
        List<string> failures = [];
        foreach ((string name, Action load) in cases)
        {
            if (Run<TError>(load) is { } failure)
            {
                failures.Add($"{name}: {failure}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static string? Run<TError>(Action load)
        where TError : Exception
    {
        Exception? error = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    load();
                }
                catch (Exception caught)
                {
                    error = caught;
                }
            },
            StackSize) { IsBackground = true };
        long before = Environment.WorkingSet;
        long taken = 0;
        thread.Start();
        for (int glance = 0; !thread.Join(Glance); glance++)
        {
            taken = Math.Max(taken, Environment.WorkingSet - before);
            if (glance == Glances)
            {
                return "does not end";
            }
        }

        return taken > LargestMemory ? $"takes {taken >> 20} MiB"
            : error is not (null or TError) ? $"ends in {error}"
            : error is not null && error.Message.Split('\n').Length > Lines(error) ? $"has a message of several lines: {error.Message}"
            : error is not null && error.Message.Length > LongestLine * Lines(error) ? $"has a message of {error.Message.Length} characters"
            : null;
    }

    // A configuration's problems are reported all at once, a line each.
    private static int Lines(Exception error) => error is ConfigurationException configuration ? Math.Max(1, configuration.Problems.Length) : 1;
}
