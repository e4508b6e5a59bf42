using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace SparseEngine.Distributed;

/// <summary>How many threads a rank starts where nobody says: its part of the CPUs that it may run on.</summary>
public static class CpuShare
{
    private const string Status = "/proc/self/status";
    private const string Allowed = "Cpus_allowed_list:";

    /// <summary>The threads of this rank. All ranks ask together.</summary>
    /// <param name="ranks">Those who share the CPUs of their hosts.</param>
    /// <returns>At least 1: a CPU that k ranks of a host may run on counts as 1/k of one.</returns>
    public static int Threads(Communicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        if (ranks.IsAlone)
        {
            return Environment.ProcessorCount;
        }

        ImmutableArray<byte[]> lists = ranks.Gather(Encoding.UTF8.GetBytes(AllowedCpus()));
        IReadOnlySet<int> own = Parse(Encoding.UTF8.GetString(lists[ranks.Rank]));
        IEnumerable<IReadOnlySet<int>> ofHost = ranks.Places
            .Where(place => place.Host == ranks.Place.Host)
            .Select(place => Parse(Encoding.UTF8.GetString(lists[place.Rank])));
        return Threads(own, [.. ofHost], Environment.ProcessorCount);
    }

    /// <summary>The threads of a rank.</summary>
    /// <param name="own">The CPUs that it may run on.</param>
    /// <param name="ofHost">Those of all ranks of its host, its own among them.</param>
    /// <param name="processors">How many of its CPUs a quota leaves to it, with the others of the host.</param>
    internal static int Threads(IReadOnlySet<int> own, IReadOnlyList<IReadOnlySet<int>> ofHost, int processors)
    {
        double share = own.Sum(cpu => 1.0 / ofHost.Count(cpus => cpus.Contains(cpu)));
        double quota = Math.Min(1, processors / (double)Math.Max(1, own.Count));

        // Three thirds are one.
        const double Rounding = 1e-9;
        return Math.Max(1, (int)Math.Floor((share * quota) + Rounding));
    }

    /// <summary>Reads a list of the kernel: "0-3,8,10-11".</summary>
    internal static IReadOnlySet<int> Parse(string list)
    {
        HashSet<int> cpus = [];
        foreach (string range in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = range.Split('-');
            int first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            cpus.UnionWith(Enumerable.Range(first, int.Parse(ends[^1], CultureInfo.InvariantCulture) - first + 1));
        }

        return cpus;
    }

    private static string AllowedCpus()
    {
        string? line = File.Exists(Status)
            ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Allowed, StringComparison.Ordinal))
            : null;

        // Elsewhere than on Linux all of a host run on all of it.
        return line is null ? string.Create(CultureInfo.InvariantCulture, $"0-{Environment.ProcessorCount - 1}") : line[Allowed.Length..].Trim();
    }
}
