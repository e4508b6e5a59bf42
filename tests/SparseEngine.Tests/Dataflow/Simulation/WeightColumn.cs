using SparseEngine.Dataflow;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>The routers of one column of cores: each hands a weight to its own core and, at once, to the router below.</summary>
internal sealed class WeightColumn
{
    private readonly MessageQueue<WeightMessage> edge;
    private readonly MessageQueue<WeightMessage>[] routers;
    private readonly MessageQueue<WeightMessage>[] cores;

    /// <param name="edge">Where the column's weights enter the wafer.</param>
    /// <param name="rows">The number of cores.</param>
    /// <param name="constants">The wafer.</param>
    public WeightColumn(MessageQueue<WeightMessage> edge, int rows, WaferConstants constants)
    {
        this.edge = edge;
        routers = [.. Enumerable.Range(0, rows).Select(_ => new MessageQueue<WeightMessage>(constants.QueueMessages, constants.HopCycles))];
        cores = [.. Enumerable.Range(0, rows).Select(_ => new MessageQueue<WeightMessage>(constants.QueueMessages, hopCycles: 0))];
    }

    /// <summary>The weights that have come to a core.</summary>
    public MessageQueue<WeightMessage> ArrivalsAt(int row) => cores[row];

    /// <summary>One cycle, from the bottom up: a message leaves a router once it can go both ways.</summary>
    public void Step(long now)
    {
        for (int row = routers.Length - 1; row >= 0; row--)
        {
            bool last = row == routers.Length - 1;
            if (routers[row].TryPeek(now, out WeightMessage message) && cores[row].Accepts(now) && (last || routers[row + 1].Accepts(now)))
            {
                routers[row].Take();
                cores[row].Send(message, now);
                if (!last)
                {
                    routers[row + 1].Send(message, now);
                }
            }
        }

        if (edge.TryPeek(now, out WeightMessage entering) && routers[0].Accepts(now))
        {
            edge.Take();
            routers[0].Send(entering, now);
        }
    }
}
