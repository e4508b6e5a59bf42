using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Token and position embeddings.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Tokens handled together: their table rows are read along features while whole lines of x are written along tokens.
    private const int EmbeddingTokens = 16;

    /// <inheritdoc/>
    private protected override void EmbeddingForwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x)
    {
        EmbeddingTables tables = Tables(ids, wordTable, positionTable, sequence, x.Columns);
        int parts = pool.PartsFor(EmbeddingTime(x), (x.Columns + EmbeddingTokens - 1) / EmbeddingTokens);
        pool.Run(parts, new EmbeddingForwardBody(tables, Pointer(x), x.Stride, parts));
    }

    /// <inheritdoc/>
    private protected override void EmbeddingBackwardCore(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient)
    {
        EmbeddingTables tables = Tables(ids, wordGradient, positionGradient, sequence, dx.Columns);
        int parts = pool.PartsFor(EmbeddingTime(dx), LinesOf(dx.Rows));
        pool.Run(parts, new EmbeddingBackwardBody(tables, Pointer(dx), dx.Stride, parts));
    }

    /// <inheritdoc/>
    private protected override ReadOnlySpan<int> Integers(DeviceBuffer<int> buffer) => new(Pointer(buffer), buffer.Length);

    // Element by element, from rows that lie anywhere.
    private static long EmbeddingTime(in DeviceMatrix x) => (long)x.Rows * x.Columns;

    private static EmbeddingTables Tables(DeviceBuffer<int> ids, in DeviceMatrix words, DeviceMatrix? positions, int sequence, int tokens) => new(
        Pointer(ids), tokens, sequence, words.Columns, Pointer(words), words.Stride,
        positions is { } table ? Pointer(table, nameof(positions)) : null, positions?.Stride ?? 0);

    /// <summary>Where each token's table rows are.</summary>
    private readonly struct EmbeddingTables(
        int* ids, int tokens, int sequence, int features, float* words, nint wordStride, float* positions, nint positionStride)
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

    /// <summary>A share of the features over all tokens in order: no two parts add to the same line of a table, and the order is fixed.</summary>
    private readonly struct EmbeddingBackwardBody(EmbeddingTables tables, float* dx, nint stride, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = ShareOfLines(tables.Features, index, parts);
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
