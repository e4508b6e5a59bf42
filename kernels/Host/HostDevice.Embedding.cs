using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Token and position embeddings.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Tokens handled together: their table rows are read along features while whole lines of x are written along tokens.
    private const int EmbeddingTokens = 16;

    /// <inheritdoc/>
    public override void EmbeddingForward(DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x)
    {
        float* output = Activations(x, wordTable.Columns, x.Columns, nameof(x));
        EmbeddingTables tables = Tables(ids, wordTable, positionTable, sequence, x);
        pool.Run(pool.Workers, new EmbeddingForwardBody(tables, output, x.Stride, pool.Workers));
    }

    /// <inheritdoc/>
    public override void EmbeddingBackward(DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient)
    {
        float* input = Activations(dx, wordGradient.Columns, dx.Columns, nameof(dx));
        EmbeddingTables tables = Tables(ids, wordGradient, positionGradient, sequence, dx);
        pool.Run(pool.Workers, new EmbeddingBackwardBody(tables, input, dx.Stride, pool.Workers));
    }

    private static EmbeddingTables Tables(DeviceBuffer<int> ids, in DeviceMatrix words, DeviceMatrix? positions, int sequence, in DeviceMatrix x)
    {
        int tokens = x.Columns;
        int* tokenIds = Pointer(ids, tokens, nameof(ids));
        for (int t = 0; t < tokens; t++)
        {
            if ((uint)tokenIds[t] >= (uint)words.Rows)
            {
                throw new ArgumentException($"token {t} has the id {tokenIds[t]}; the table has the entries 0 to {words.Rows - 1}", nameof(ids));
            }
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        if (positions is { } table && (table.Columns != words.Columns || table.Rows < Math.Min(sequence, tokens)))
        {
            throw new ArgumentException($"a position table of {table.Rows} x {table.Columns} does not serve {sequence} positions of {words.Columns} features", nameof(positions));
        }

        return new EmbeddingTables(
            tokenIds, tokens, sequence, words.Columns, Pointer(words, nameof(words)), words.Stride,
            positions is { } p ? Pointer(p, nameof(positions)) : null, positions?.Stride ?? 0);
    }

    /// <summary>Where each token's table rows are.</summary>
    private readonly struct EmbeddingTables(int* ids, int tokens, int sequence, int features, float* words, nint wordStride, float* positions, nint positionStride)
    {
        public readonly int Tokens = tokens, Features = features;

        public bool HasPositions => positions is not null;

        public float* Word(int token) => words + (ids[token] * wordStride);

        public float* Position(int token) => positions + (token % sequence * positionStride);
    }

    private readonly struct EmbeddingForwardBody(EmbeddingTables tables, float* x, nint stride, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share((tables.Tokens + EmbeddingTokens - 1) / EmbeddingTokens, index, parts);
            float** words = stackalloc float*[EmbeddingTokens];
            float** positions = stackalloc float*[EmbeddingTokens];
            for (int block = first; block < end; block++)
            {
                int token = block * EmbeddingTokens;
                int count = Math.Min(EmbeddingTokens, tables.Tokens - token);
                for (int t = 0; t < count; t++)
                {
                    words[t] = tables.Word(token + t);
                    positions[t] = tables.HasPositions ? tables.Position(token + t) : null;
                }

                for (int f = 0; f < tables.Features; f++)
                {
                    float* to = x + (f * stride) + token;
                    for (int t = 0; t < count; t++)
                    {
                        to[t] = tables.HasPositions ? words[t][f] + positions[t][f] : words[t][f];
                    }
                }
            }
        }
    }

    /// <summary>A share of the features over all tokens in order: no two workers add to the same element, and the order is fixed.</summary>
    private readonly struct EmbeddingBackwardBody(EmbeddingTables tables, float* dx, nint stride, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(tables.Features, index, parts);
            float** words = stackalloc float*[EmbeddingTokens];
            float** positions = stackalloc float*[EmbeddingTokens];
            for (int token = 0; token < tables.Tokens; token += EmbeddingTokens)
            {
                int count = Math.Min(EmbeddingTokens, tables.Tokens - token);
                for (int t = 0; t < count; t++)
                {
                    words[t] = tables.Word(token + t);
                    positions[t] = tables.HasPositions ? tables.Position(token + t) : null;
                }

                for (int f = first; f < end; f++)
                {
                    float* from = dx + (f * stride) + token;
                    for (int t = 0; t < count; t++)
                    {
                        words[t][f] += from[t];
                        if (tables.HasPositions)
                        {
                            positions[t][f] += from[t];
                        }
                    }
                }
            }
        }
    }
}
