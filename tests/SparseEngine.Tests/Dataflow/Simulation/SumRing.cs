using SparseEngine.Dataflow;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>
/// The links along one row of cores that partial sums go round: east from core to core, and from the last core back west through the routers of all
/// others to the first.
/// </summary>
internal sealed class SumRing
{
    private readonly Queue<TokenMessage>[] outboxes;
    private readonly MessageQueue<TokenMessage>[] inboxes;
    private readonly MessageQueue<TokenMessage>[] westbound;
    private readonly int outboxCapacity;

    /// <param name="columns">The number of cores.</param>
    /// <param name="constants">The wafer.</param>
    public SumRing(int columns, WaferConstants constants)
    {
        outboxCapacity = constants.QueueMessages;
        outboxes = [.. Enumerable.Range(0, columns).Select(_ => new Queue<TokenMessage>())];
        inboxes = [.. Enumerable.Range(0, columns).Select(_ => Port())];
        westbound = [.. Enumerable.Range(0, Math.Max(0, columns - 2)).Select(_ => Port())];

        MessageQueue<TokenMessage> Port() => new(constants.QueueMessages, constants.HopCycles);
    }

    /// <summary>The messages that have come to a core.</summary>
    public MessageQueue<TokenMessage> ArrivalsAt(int column) => inboxes[column];

    /// <summary>Whether a core can put out so many more messages.</summary>
    public bool HasRoom(int column, int messages) => outboxes[column].Count + messages <= outboxCapacity;

    /// <summary>Puts a message out, to the next core on the ring.</summary>
    public void Put(int column, TokenMessage message) => outboxes[column].Enqueue(message);

    /// <summary>One cycle of all links.</summary>
    public void Step(long now)
    {
        for (int column = 0; column < outboxes.Length; column++)
        {
            bool last = column == outboxes.Length - 1;
            MessageQueue<TokenMessage> next = !last ? inboxes[column + 1] : westbound.Length > 0 ? westbound[^1] : inboxes[0];
            if (outboxes[column].Count > 0 && next.Accepts(now))
            {
                next.Send(outboxes[column].Dequeue(), now);
            }
        }

        for (int router = 0; router < westbound.Length; router++)
        {
            MessageQueue<TokenMessage> next = router == 0 ? inboxes[0] : westbound[router - 1];
            if (next.Accepts(now) && westbound[router].TryPeek(now, out _))
            {
                next.Send(westbound[router].Take(), now);
            }
        }
    }
}
