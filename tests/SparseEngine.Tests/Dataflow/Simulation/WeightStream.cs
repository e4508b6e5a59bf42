using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>
/// MemoryX: the weight's non-zeros in firing order, each sent to the column of cores that holds its input feature. The link
/// to the wafer carries so many bytes in a cycle; what goes next is the earliest row's message of those whose column has
/// room. Marks that end a row are made at the wafer's edge.
/// </summary>
internal sealed class WeightStream
{
    private readonly Queue<WeightMessage>[] unsent;
    private readonly MessageQueue<WeightMessage>[] edges;
    private readonly double bytesPerCycle;
    private readonly int messageBytes;
    private double credit;

    /// <param name="pattern">The weight's non-zeros.</param>
    /// <param name="values">Their values.</param>
    /// <param name="columns">Which column of cores holds an input feature.</param>
    /// <param name="constants">The wafer.</param>
    /// <param name="messageBytes">Bytes that a non-zero takes on the link.</param>
    public WeightStream(CsrPattern pattern, ReadOnlySpan<float> values, EqualBlocks columns, WaferConstants constants, int messageBytes)
    {
        unsent = [.. Enumerable.Range(0, columns.Places).Select(_ => new Queue<WeightMessage>())];
        edges = [.. Enumerable.Range(0, columns.Places).Select(_ => new MessageQueue<WeightMessage>(constants.EdgeMessages, constants.HopCycles))];
        bytesPerCycle = constants.IoBytesPerCycle;
        this.messageBytes = messageBytes;
        for (int row = 0; row < pattern.Rows; row++)
        {
            for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
            {
                unsent[columns.PlaceOf(pattern.Columns[p])].Enqueue(new WeightMessage(row, p, pattern.Columns[p], values[p]));
            }

            foreach (Queue<WeightMessage> column in unsent)
            {
                column.Enqueue(new WeightMessage(row, WeightMessage.EndOfRow, 0, 0));
            }
        }
    }

    /// <summary>The queue at the wafer's edge from which a column of cores takes its weights.</summary>
    public MessageQueue<WeightMessage> EdgeOf(int column) => edges[column];

    /// <summary>One cycle: sends what the link and the queues can take.</summary>
    public void Step(long now)
    {
        // What is not used in a cycle is lost, up to the message that is being sent.
        credit = Math.Min(credit, messageBytes) + bytesPerCycle;
        while (Next(now) is int column)
        {
            WeightMessage message = unsent[column].Dequeue();
            credit -= message.EndsRow ? 0 : messageBytes;
            edges[column].Send(message, now);
        }
    }

    private int? Next(long now)
    {
        int? next = null;
        int earliest = int.MaxValue;
        for (int column = 0; column < unsent.Length; column++)
        {
            if (unsent[column].TryPeek(out WeightMessage message)
                && message.Row < earliest
                && edges[column].Accepts(now)
                && (message.EndsRow || credit >= messageBytes))
            {
                next = column;
                earliest = message.Row;
            }
        }

        return next;
    }
}
