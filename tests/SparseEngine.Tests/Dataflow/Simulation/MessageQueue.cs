using System.Diagnostics.CodeAnalysis;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>A router's port: a finite queue behind a link that carries one message in a cycle and takes time to cross.</summary>
/// <param name="capacity">Messages that it holds, those on the way included: a sender waits for room, so none is ever lost.</param>
/// <param name="hopCycles">Cycles from the sender's to this router.</param>
internal sealed class MessageQueue<T>(int capacity, int hopCycles)
{
    private readonly Queue<(T Message, long Arrival)> messages = new(capacity);
    private long lastSent = -1;

    /// <summary>Messages that have arrived or are on the way.</summary>
    public int Count => messages.Count;

    /// <summary>Whether the link is free in this cycle and there is room at its end.</summary>
    public bool Accepts(long now) => messages.Count < capacity && lastSent < now;

    /// <summary>Sends a message over the link.</summary>
    public void Send(T message, long now)
    {
        lastSent = now;
        messages.Enqueue((message, now + hopCycles));
    }

    /// <summary>The first message, if it has arrived.</summary>
    public bool TryPeek(long now, [MaybeNullWhen(false)] out T message)
    {
        if (messages.TryPeek(out (T Message, long Arrival) first) && first.Arrival <= now)
        {
            message = first.Message;
            return true;
        }

        message = default;
        return false;
    }

    /// <summary>Whether the first <paramref name="count"/> messages have arrived.</summary>
    public bool HasArrived(int count, long now)
    {
        if (messages.Count < count)
        {
            return false;
        }

        // Messages arrive in the order they were sent.
        foreach ((_, long arrival) in messages)
        {
            if (arrival > now)
            {
                return false;
            }

            if (--count <= 0)
            {
                break;
            }
        }

        return true;
    }

    /// <summary>Takes the first message out.</summary>
    public T Take() => messages.Dequeue().Message;
}
