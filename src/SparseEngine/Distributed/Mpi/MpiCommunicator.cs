using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using SparseEngine.Distributed.Watch;

namespace SparseEngine.Distributed.Mpi;

/// <summary>Ranks that MPI brings together.</summary>
internal sealed class MpiCommunicator : Communicator
{
    private readonly MpiThread thread;
    private readonly MpiGather gather;
    private readonly string library;
    private RankWatch? watch;
    private bool isFailed;
    private bool isDisposed;

    /// <summary>Ranks of which each knows where all are.</summary>
    /// <param name="library">What carries the messages, for people.</param>
    /// <param name="thread">What brings them forward.</param>
    public MpiCommunicator(string library, MpiThread thread)
    {
        this.library = library;
        this.thread = thread;
        gather = new MpiGather(thread);
        Places = PlacesOf(Gather(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{Environment.ProcessId} {Environment.MachineName}"))));
    }

    public override int Rank => thread.Rank;

    public override ImmutableArray<RankPlace> Places { get; }

    public override string Description
    {
        get
        {
            int hosts = Places.Select(place => place.Host).Distinct().Count();
            return string.Create(CultureInfo.InvariantCulture, $"{library}, {Size} ranks on {hosts} host{(hosts == 1 ? "" : "s")}");
        }
    }

    /// <summary>Starts to watch that all ranks are there.</summary>
    /// <param name="options">How.</param>
    /// <param name="isWitnessed">Whether the launcher leaves no rank the time to tell of another that is lost.</param>
    public void Watch(JoinOptions options, bool isWitnessed) =>
        watch = RankWatch.Start(this, options.Timeout, options.OnFailure, isWitnessed ? options.Witness : null);

    public override Reduction AllocateReduction(int capacity) => new MpiReduction(thread, capacity);

    public override void Sum(Span<double> values)
    {
        if (!values.IsEmpty)
        {
            RankOrderSum.OfDoubles(values, MemoryMarshal.Cast<byte, double>(gather.OfOneLength(MemoryMarshal.AsBytes(values))));
        }
    }

    public override ImmutableArray<byte[]> Gather(ReadOnlySpan<byte> block)
    {
        int length = block.Length;
        ReadOnlySpan<byte> all = gather.OfOneLength(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in length)));
        int[] lengths = MemoryMarshal.Cast<byte, int>(all).ToArray();
        ReadOnlySpan<byte> rest = gather.OfLengths(block, lengths);
        ImmutableArray<byte[]>.Builder blocks = ImmutableArray.CreateBuilder<byte[]>(lengths.Length);
        foreach (int bytes in lengths)
        {
            blocks.Add(rest[..bytes].ToArray());
            rest = rest[bytes..];
        }

        return blocks.MoveToImmutable();
    }

    public override byte[] Broadcast(ReadOnlySpan<byte> block) => Gather(IsFirst ? block : [])[0];

    public override bool Fail(string message, int exitCode)
    {
        isFailed = true;
        return watch?.Fail(message, exitCode) ?? false;
    }

    protected override void Dispose(bool disposing)
    {
        // After a failure there is nobody to take leave of, and MPI_Finalize would wait for those who are lost.
        if (!disposing || isFailed || isDisposed)
        {
            return;
        }

        isDisposed = true;
        watch?.ExpectLeaves();
        Gather([]);
        watch?.Dispose();
        thread.Dispose();
        gather.Dispose();
    }

    private static ImmutableArray<RankPlace> PlacesOf(ImmutableArray<byte[]> blocks)
    {
        ImmutableArray<RankPlace>.Builder places = ImmutableArray.CreateBuilder<RankPlace>(blocks.Length);
        foreach (byte[] block in blocks)
        {
            string[] words = Encoding.UTF8.GetString(block).Split(' ', 2);
            int local = places.Count(place => place.Host == words[1]);
            places.Add(new RankPlace(places.Count, words[1], int.Parse(words[0], CultureInfo.InvariantCulture), local));
        }

        return places.MoveToImmutable();
    }
}
