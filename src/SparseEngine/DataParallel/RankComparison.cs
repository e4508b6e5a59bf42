using System.Collections.Immutable;
using SparseEngine.Distributed;
using SparseEngine.Runs;

namespace SparseEngine.DataParallel;

/// <summary>Compares what has to be the same in all ranks, before it makes them compute different models.</summary>
internal static class RankComparison
{
    private const int DigestBytes = 32;

    /// <summary>Requires that all ranks have the same facts. All ranks call it, and all learn of a difference.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="gather">This rank's facts; not asked for where there is no other.</param>
    /// <exception cref="TrainingException">Names the ranks whose facts are not those of rank 0, and which these are.</exception>
    public static void Require(Communicator ranks, Func<IReadOnlyList<RankFact>> gather)
    {
        if (ranks.IsAlone)
        {
            return;
        }

        IReadOnlyList<RankFact> facts = gather();
        ImmutableArray<string> names = [.. facts.Select(fact => fact.Name)];
        ImmutableArray<byte[]> digests = ranks.Gather(facts.SelectMany(fact => fact.Digest).ToArray());
        string[] differences =
        [
            .. digests.Select((digest, rank) => (Rank: rank, Names: Differing(names, digests[0], digest))).Where(found => found.Names.Length > 0)
                .Select(found => $"{ranks.Places[found.Rank]}: its {Listing(found.Names)} from "
                    + $"{(found.Names.Length > 1 || IsPlural(found.Names[0]) ? "those" : "that")} of rank 0"),
        ];
        if (differences.Length > 0)
        {
            throw new TrainingException(string.Join("; ", differences));
        }
    }

    private static string[] Differing(ImmutableArray<string> names, byte[] expected, byte[] found) =>
        [.. names.Where((_, index) => !DigestAt(expected, index).SequenceEqual(DigestAt(found, index)))];

    /// <summary>Another version may send fewer.</summary>
    private static ReadOnlySpan<byte> DigestAt(byte[] digests, int index) =>
        digests.Length < (index + 1) * DigestBytes ? [] : digests.AsSpan(index * DigestBytes, DigestBytes);

    private static string Listing(string[] names) => names.Length == 1
        ? $"{names[0]} {(IsPlural(names[0]) ? "differ" : "differs")}"
        : $"{string.Join(", ", names[..^1])} and {names[^1]} differ";

    private static bool IsPlural(string name) => name.EndsWith('s') || name.EndsWith("data", StringComparison.Ordinal);
}
