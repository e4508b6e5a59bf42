using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>Token and position embeddings.</content>
public abstract partial class ComputeDevice
{
    /// <summary>x[:, t] = wordTable[ids[t], :], plus positionTable[t mod sequence, :] where there is one. Tables are [entries, features].</summary>
    public void EmbeddingForward(DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x)
    {
        RequireEmbedding(ids, wordTable, positionTable, sequence, x);
        long start = Begin();
        EmbeddingForwardCore(ids, wordTable, positionTable, sequence, x);
        Done()?.Add("embedding", OperationKind.Other, start, 0, (x.Rows, x.Columns, 0));
    }

    /// <summary>Adds dx's columns to the rows of the tables' gradients, tokens in order.</summary>
    public void EmbeddingBackward(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient)
    {
        RequireEmbedding(ids, wordGradient, positionGradient, sequence, dx);
        long start = Begin();
        EmbeddingBackwardCore(ids, dx, sequence, wordGradient, positionGradient);
        Done()?.Add("embedding gradient", OperationKind.Other, start, 0, (dx.Rows, dx.Columns, 0));
    }

    private protected abstract void EmbeddingForwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x);

    private protected abstract void EmbeddingBackwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient);

    /// <summary>What a buffer's integers are, without waiting: no operation writes any.</summary>
    private protected abstract ReadOnlySpan<int> Integers(DeviceBuffer<int> buffer);

    private void RequireEmbedding(DeviceBuffer<int> ids, in DeviceMatrix words, DeviceMatrix? positions, int sequence, in DeviceMatrix x)
    {
        int tokens = x.Columns;
        RequireActivations(x, words.Columns, tokens);
        RequireLength(ids, tokens);
        RequireMatrix(words);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        if (positions is { } table)
        {
            RequireMatrix(table, nameof(positions));
            if (table.Columns != words.Columns || table.Rows < Math.Min(sequence, tokens))
            {
                throw new ArgumentException(
                    $"a position table of {table.Rows} x {table.Columns} does not serve {sequence} positions of {words.Columns} features",
                    nameof(positions));
            }
        }

        ReadOnlySpan<int> entries = Integers(ids)[..tokens];
        for (int t = 0; t < entries.Length; t++)
        {
            if ((uint)entries[t] >= (uint)words.Rows)
            {
                throw new ArgumentException($"token {t} has the id {entries[t]}; the table has the entries 0 to {words.Rows - 1}", nameof(ids));
            }
        }
    }
}
