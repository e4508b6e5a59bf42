using System.Collections.Immutable;
using System.Text;
using SparseEngine.Distributed;

namespace SparseEngine.Tests.Distributed.Watch;

/// <summary>Ranks, in whatever threads or processes, that exchange their first messages through files of a folder.</summary>
internal sealed class FileRanks : Communicator
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string folder;
    private int exchange;

    /// <param name="folder">The same for all.</param>
    /// <param name="rank">Which this is.</param>
    /// <param name="hosts">The name of each rank's host.</param>
    public FileRanks(string folder, int rank, IEnumerable<string> hosts)
    {
        this.folder = folder;
        Rank = rank;
        Places = [.. hosts.Select((host, place) => new RankPlace(place, host, Environment.ProcessId, place))];
    }

    public override int Rank { get; }

    public override ImmutableArray<RankPlace> Places { get; }

    public override string Description => "files";

    public override Reduction AllocateReduction(int capacity) => throw new NotSupportedException();

    public override void Sum(Span<double> values) => throw new NotSupportedException();

    public override ImmutableArray<byte[]> Gather(ReadOnlySpan<byte> block)
    {
        string path = Name(exchange, Rank);
        File.WriteAllText(path + ".part", Convert.ToBase64String(block));
        File.Move(path + ".part", path);
        ImmutableArray<byte[]> blocks = [.. Enumerable.Range(0, Size).Select(rank => Read(Name(exchange, rank)))];
        exchange++;
        return blocks;
    }

    public override byte[] Broadcast(ReadOnlySpan<byte> block) => Gather(block)[0];

    public override bool Fail(string message, int exitCode) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // The folder is the test's.
    }

    private static byte[] Read(string path)
    {
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path), Patience), $"no rank wrote {path}");
        return Convert.FromBase64String(File.ReadAllText(path, Encoding.ASCII));
    }

    private string Name(int number, int rank) => Path.Combine(folder, $"{number}-{rank}");
}
