using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Token and position embeddings.</content>
internal sealed partial class GpuDevice
{
    private long[] sortedTokens = [];
    private GpuBuffer<int>? tokenOrder;
    private GpuBuffer<int>? wordStarts;

    /// <inheritdoc/>
    private protected override void EmbeddingForwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x)
    {
        ScalarMatrix words = Scalars(wordTable);
        ScalarMatrix positions = positionTable is { } table ? Scalars(table, nameof(positionTable)) : words;
        int count = x.Rows * x.Columns;
        LaunchLinear(
            count,
            new EmbeddingForwardKernel(
                View(ids), words, positions, positionTable is null ? 0 : sequence, Scalars(x), x.Columns, count));
    }

    /// <inheritdoc/>
    private protected override void EmbeddingBackwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient)
    {
        ScalarMatrix gradient = Scalars(dx);
        ScalarMatrix words = Scalars(wordGradient);
        int features = dx.Rows;
        int tokens = dx.Columns;
        int distinct = SortTokens(Integers(ids)[..tokens]);
        if (distinct > 0)
        {
            LaunchLinear(
                distinct * features,
                new WordGradientKernel(View(ids), tokenOrder!.View, wordStarts!.View, gradient, words, features, distinct * features));
        }

        if (positionGradient is { } table)
        {
            int count = Math.Min(sequence, tokens) * features;
            ScalarMatrix positions = Scalars(table, nameof(positionGradient));
            LaunchLinear(count, new PositionGradientKernel(gradient, positions, sequence, tokens, Math.Min(sequence, tokens), count));
        }
    }

    /// <inheritdoc/>
    private protected override ReadOnlySpan<int> Integers(DeviceBuffer<int> buffer) => Own(buffer).HostCopy;

    /// <summary>Uploads the tokens ordered by word, and in their own order within a word; returns the number of distinct words.</summary>
    private int SortTokens(ReadOnlySpan<int> ids)
    {
        if (sortedTokens.Length < ids.Length)
        {
            sortedTokens = new long[ids.Length];
            tokenOrder?.Dispose();
            wordStarts?.Dispose();
            tokenOrder = new GpuBuffer<int>(this, ids.Length);
            wordStarts = new GpuBuffer<int>(this, ids.Length + 1);
        }

        Span<long> keys = sortedTokens.AsSpan(0, ids.Length);
        for (int t = 0; t < ids.Length; t++)
        {
            keys[t] = ((long)ids[t] << 32) | (uint)t;
        }

        keys.Sort();
        if (keys.IsEmpty)
        {
            return 0;
        }

        Span<int> order = tokenOrder!.HostCopy.AsSpan(0, keys.Length);
        Span<int> starts = wordStarts!.HostCopy;
        int distinct = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            order[i] = (int)keys[i];
            if (i == 0 || (keys[i] >> 32) != (keys[i - 1] >> 32))
            {
                starts[distinct++] = i;
            }
        }

        starts[distinct] = keys.Length;
        tokenOrder.CopyFrom(order);
        wordStarts.CopyFrom(starts[..(distinct + 1)]);
        return distinct;
    }
}

/// <summary>x[f, t] = words[ids[t], f] + positions[t mod sequence, f]; a sequence of 0 stands for no positions.</summary>
internal readonly struct EmbeddingForwardKernel(
    ArrayView<int> ids, ScalarMatrix words, ScalarMatrix positions, int sequence, ScalarMatrix x, int tokens, int count) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int feature = i / tokens;
            int token = i - (feature * tokens);
            float value = words[ids[token], feature];
            x[feature, token] = sequence == 0 ? value : value + positions[token % sequence, feature];
        }
    }
}

/// <summary>Adds the columns of a word's tokens to its gradient, in order; a thread for each distinct word and feature.</summary>
internal readonly struct WordGradientKernel(
    ArrayView<int> ids, ArrayView<int> order, ArrayView<int> starts, ScalarMatrix dx, ScalarMatrix gradient, int features, int count) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int entry = i / features;
            int feature = i - (entry * features);
            int end = starts[entry + 1];
            int word = ids[order[starts[entry]]];
            float sum = gradient[word, feature];
            for (int k = starts[entry]; k < end; k++)
            {
                sum += dx[feature, order[k]];
            }

            gradient[word, feature] = sum;
        }
    }
}

/// <summary>Adds the columns of a position to its gradient, in order; a thread for each position and feature.</summary>
internal readonly struct PositionGradientKernel(ScalarMatrix dx, ScalarMatrix gradient, int sequence, int tokens, int positions, int count) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int feature = i / positions;
            int position = i - (feature * positions);
            float sum = gradient[position, feature];
            for (int token = position; token < tokens; token += sequence)
            {
                sum += dx[feature, token];
            }

            gradient[position, feature] = sum;
        }
    }
}
