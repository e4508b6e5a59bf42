using System.Buffers;
using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>How the runs and places are found: blocks of the transpose's rows by themselves.</content>
internal sealed unsafe partial class TransposedGather
{
    private void Arrange(IWorkers workers, int[] sources)
    {
        int[] firingPositions = ArrayPool<int>.Shared.Rent(csr.NonZeros);
        int parts = workers.PartsFor(csr.NonZeros);
        workers.Run(parts, new InversePositions(sources, csr.NonZeros, firingPositions, parts));
        workers.Run(order.Partition.Blocks, new BlockArrangement(this, firingPositions));
        ArrayPool<int>.Shared.Return(firingPositions);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Arrange(int block, int[] firingPositions)
    {
        int firstGroup = order.BlockGroups[block];
        int endGroup = order.BlockGroups[block + 1];
        if (firstGroup == endGroup)
        {
            return;
        }

        ReadOnlySpan<int> pointers = csr.RowPointers;
        ColumnIndices columns = csr.Columns;
        int firstColumn = order.Groups[firstGroup];
        int[] next = ArrayPool<int>.Shared.Rent(csr.Rows);
        for (int row = 0; row < csr.Rows; row++)
        {
            next[row] = csr.PositionFrom(row, firstColumn);
        }

        next.AsSpan(0, csr.Rows).CopyTo(starts.AsSpan(block * csr.Rows));

        int place = order.RowPointers[firstColumn];
        for (int group = firstGroup; group < endGroup; group++)
        {
            int chunk = order.RowPointers[order.Groups[group]];
            int endColumn = order.Groups[group + 1];
            for (int tile = 0; tile < order.Tiles; tile++)
            {
                int firstPlace = place;
                int endRow = Math.Min(csr.Rows, (tile + 1) * order.Width);
                for (int row = tile * order.Width; row < endRow; row++)
                {
                    int p = next[row];
                    int end = pointers[row + 1];
                    for (; p < end && columns[p] < endColumn; p++)
                    {
                        places[place++] = checked((ushort)(firingPositions[p] - chunk));
                    }

                    runs[(group * csr.Rows) + row] = (ushort)(p - next[row]);
                    next[row] = p;
                }

                chunk += place - firstPlace;
            }
        }

        ArrayPool<int>.Shared.Return(next);
    }

    /// <summary>Where each non-zero of W is in the transpose's firing order, from where each of that order is in W.</summary>
    private readonly struct InversePositions(int[] sources, int count, int[] firingPositions, int parts) : IParts
    {
        public void Do(int part)
        {
            Run run = Sparse.Run.AlignedPart(count, part, parts);
            ReadOnlySpan<int> from = sources.AsSpan(run.Start, run.Length);
            Span<int> to = firingPositions;
            for (int i = 0; i < from.Length; i++)
            {
                to[from[i]] = run.Start + i;
            }
        }
    }

    /// <summary>Arranges each block.</summary>
    private readonly struct BlockArrangement(TransposedGather gather, int[] firingPositions) : IParts
    {
        public void Do(int part) => gather.Arrange(part, firingPositions);
    }
}
