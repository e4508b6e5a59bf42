namespace SparseEngine.Tests.Dataflow.Simulation;

/// <summary>
/// One core in a product Y = W X: it holds its features' activations for its tokens. A weight that arrives starts an AXPY into the output row's
/// partial sums; once the row's weights are through, the sums go round the ring to the core that owns the output feature. Two threads share the
/// datapath, a cycle at a time; sums go first, since other cores wait for them.
/// </summary>
internal sealed class SpmmCore
{
    private readonly SpmmTile tile;
    private readonly int column;
    private readonly MessageQueue<WeightMessage> weights;
    private readonly SumRing ring;
    private readonly float[][] sums;
    private int rowsFired;
    private int rowsSummed;
    private int tokensSummed;
    private int cyclesLeft;

    /// <param name="tile">The product and this core's tokens.</param>
    /// <param name="column">The core's column.</param>
    /// <param name="weights">The weights that come to it.</param>
    /// <param name="ring">The links of its row.</param>
    public SpmmCore(SpmmTile tile, int column, MessageQueue<WeightMessage> weights, SumRing ring)
    {
        this.tile = tile;
        this.column = column;
        this.weights = weights;
        this.ring = ring;
        sums = [.. Enumerable.Range(0, tile.Constants.RowsInFlight(tile.Tokens)).Select(_ => new float[tile.Tokens])];
    }

    /// <summary>Whether all output rows have left this core.</summary>
    public bool IsDone => rowsSummed == tile.OutputRows;

    /// <summary>Multiplications executed.</summary>
    public long Multiplications { get; private set; }

    /// <summary>Cycles in which the datapath worked.</summary>
    public long BusyCycles { get; private set; }

    /// <summary>One cycle.</summary>
    public void Step(long now)
    {
        if (Sum(now) || Fire(now))
        {
            BusyCycles++;
        }
    }

    private bool Fire(long now)
    {
        if (!weights.TryPeek(now, out WeightMessage weight))
        {
            return false;
        }

        if (cyclesLeft == 0)
        {
            // A row's first weight waits until the sums that it would overwrite have left.
            if (weight.Row - rowsSummed >= sums.Length)
            {
                return false;
            }

            cyclesLeft = tile.Constants.IssueCycles + (weight.EndsRow ? 0 : tile.Constants.PassCycles(tile.Tokens));
        }

        if (--cyclesLeft == 0)
        {
            weights.Take();
            Complete(weight);
        }

        return true;
    }

    private void Complete(WeightMessage weight)
    {
        if (weight.EndsRow)
        {
            rowsFired++;
            return;
        }

        float[] y = sums[weight.Row % sums.Length];
        ReadOnlySpan<float> x = tile.InputRow(weight.Column);
        for (int token = 0; token < y.Length; token++)
        {
            y[token] += weight.Value * x[token];
        }

        Multiplications += y.Length;
    }

    // One pass of the datapath over the next few tokens of the oldest row.
    private bool Sum(long now)
    {
        if (rowsSummed == rowsFired)
        {
            return false;
        }

        int owner = tile.OwnerOf(rowsSummed);
        bool first = column == (owner + 1) % tile.Columns;
        bool last = column == owner;
        int tokens = Math.Min(tile.Constants.SimdWidth, tile.Tokens - tokensSummed);
        int messages = tile.Constants.MessagesFor(tokens);
        if ((!first && !ring.ArrivalsAt(column).HasArrived(messages, now)) || (!last && !ring.HasRoom(column, messages)))
        {
            return false;
        }

        Span<float> values = sums[rowsSummed % sums.Length].AsSpan(tokensSummed, tokens);
        if (!first)
        {
            Add(values, messages);
        }

        if (last)
        {
            values.CopyTo(tile.OutputRow(rowsSummed)[tokensSummed..]);
        }
        else
        {
            Send(values);
        }

        values.Clear();
        tokensSummed += tokens;
        if (tokensSummed == tile.Tokens)
        {
            tokensSummed = 0;
            rowsSummed++;
        }

        return true;
    }

    private void Add(Span<float> values, int messages)
    {
        for (int message = 0; message < messages; message++)
        {
            TokenMessage arrived = ring.ArrivalsAt(column).Take();
            for (int i = 0; i < arrived.Values.Length; i++)
            {
                values[(message * tile.Constants.ValuesPerMessage) + i] += arrived.Values[i];
            }
        }
    }

    private void Send(ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            int count = Math.Min(values.Length, tile.Constants.ValuesPerMessage);
            ring.Put(column, new TokenMessage(rowsSummed, values[..count].ToArray()));
            values = values[count..];
        }
    }
}
