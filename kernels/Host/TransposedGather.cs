using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// Brings the values of W from CSR order into the firing order of its transpose. For a group of the transpose's rows and a tile of its columns, each
/// row of W has one run of values: runs are read from end to end, and scattered over the part of the firing order that the group and tile have,
/// which stays in the L1 cache.
/// </summary>
internal sealed unsafe partial class TransposedGather
{
    // Rows of W whose runs are asked for before their turn.
    private const int RowsAhead = 3;

    private readonly CsrPattern csr;
    private readonly FiringOrder order;

    // Where the first of a block's columns start in each row of W: a block does not look at those before it.
    private readonly int[] starts;
    private readonly ushort[] runs;
    private readonly ushort[] places;

    /// <param name="workers">Who arranges it.</param>
    /// <param name="csr">W.</param>
    /// <param name="order">The transpose's firing order.</param>
    /// <param name="sources">For each of its non-zeros, the position in the values of W.</param>
    public TransposedGather(IWorkers workers, CsrPattern csr, FiringOrder order, int[] sources)
    {
        this.csr = csr;
        this.order = order;
        int groups = order.Groups.Length - 1;
        runs = new ushort[(long)groups * csr.Rows];
        starts = new int[(long)order.Partition.Blocks * csr.Rows];
        places = new ushort[csr.NonZeros];
        Arrange(workers, sources);
    }

    public long Bytes => (((long)runs.Length + places.Length) * sizeof(ushort)) + ((long)starts.Length * sizeof(int));

    /// <summary>Gathers the values of a block of the transpose's rows.</summary>
    /// <param name="block">The block.</param>
    /// <param name="values">In CSR order.</param>
    /// <param name="fired">Receives the block's part of the firing order.</param>
    /// <param name="scratch">The worker's memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int block, float* values, float* fired, WorkerScratch scratch)
    {
        int rows = csr.Rows;
        int* next = (int*)scratch.Take(rows);
        int firstGroup = order.BlockGroups[block];
        int endGroup = order.BlockGroups[block + 1];
        starts.AsSpan(block * rows, rows).CopyTo(new Span<int>(next, rows));
        int first = order.RowPointers[order.Groups[firstGroup]];
        fixed (ushort* allRuns = runs, allPlaces = places)
        {
            ushort* place = allPlaces + first;
            float* chunk = fired + first;
            for (int group = firstGroup; group < endGroup; group++)
            {
                ushort* run = allRuns + ((nint)group * rows);
                for (int firstRow = 0; firstRow < rows; firstRow += order.Width)
                {
                    int endRow = Math.Min(rows, firstRow + order.Width);
                    ushort* firstPlace = place;
                    for (int row = firstRow; row < endRow; row++)
                    {
                        if (row + RowsAhead < rows)
                        {
                            CacheLines.Prefetch(values + next[row + RowsAhead], run[row + RowsAhead]);
                        }

                        float* from = values + next[row];
                        int count = run[row];
                        for (int i = 0; i < count; i++)
                        {
                            chunk[place[i]] = from[i];
                        }

                        place += count;
                        next[row] += count;
                    }

                    chunk += place - firstPlace;
                }
            }
        }
    }
}
