using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The order in which an accelerator fires the non-zeros of one orientation of a matrix, in its memory.</summary>
/// <remarks>
/// Rows lie by falling number of non-zeros, so that those that a group works on side by side are about equally long, and the groups that take longest
/// start first (the row swizzle of Gale et al., 2020: Sparse GPU kernels for deep learning). Eight neighbours in this order are a bundle, which one
/// warp takes. Columns are cut into chunks whose part of the input fits into shared memory. The non-zeros lie bundle by bundle, within
/// it chunk by chunk, and within that row by row: a warp reads them from one end to the other. A row's non-zeros of one chunk, ascending, fill whole
/// batches, with places that point to a column of zeros.
/// A row with far more non-zeros than the others is split: what is beyond the limit fires in a launch of its own (<see cref="Rest"/>), after the rest
/// of the matrix and in the row's order, so that no warp works on while its neighbours are done, and no bit depends on the split.
/// </remarks>
internal sealed class GpuFiringOrder : IDisposable
{
    /// <summary>Rows of a bundle.</summary>
    public const int BundleRows = 8;

    /// <summary>Non-zeros that are fired together: their values and places are one 16-byte record.</summary>
    public const int Batch = 3;

    /// <summary>Bits of a column's place in the tile of its chunk.</summary>
    public const int PlaceBits = 10;

    private readonly GpuBuffer<int> rows;
    private readonly GpuBuffer<int> ends;
    private readonly GpuBuffer<int> places;
    private readonly GpuBuffer<int> positions;

    /// <summary>Arranges a matrix.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="csr">The orientation's rows.</param>
    /// <param name="valuePositions">For each non-zero its position in the values of W; null where that is its own.</param>
    /// <param name="shape">How its batches lie.</param>
    public GpuFiringOrder(GpuDevice device, CsrPattern csr, int[]? valuePositions, FiringShape shape)
        : this(device, csr, RowPiece.FirstOf(csr), valuePositions, shape)
    {
    }

    private GpuFiringOrder(GpuDevice device, CsrPattern csr, RowPiece[] pieces, int[]? valuePositions, FiringShape shape)
    {
        int chunkColumns = InputTile.Columns(device.ChunkColumns, shape.LaneVectors);
        Chunks = new Chunks(csr.ColumnCount, chunkColumns);
        Bundles = (pieces.Length + shape.BundleRows - 1) / shape.BundleRows;
        RowPiece.Sort(pieces);

        // With empty bundles behind the last, so that no team of a launch is without one.
        int slots = (Bundles + GroupShapes.MostTeams - 1) * shape.BundleRows;
        FiringList list = new(csr, pieces, slots, Chunks.Count, chunkColumns, shape, valuePositions);
        Batches = list.Places.Length;
        rows = GpuPattern.Upload<int>(device, [.. pieces.Select(piece => piece.Row), .. Enumerable.Repeat(-1, slots - pieces.Length)]);
        ends = GpuPattern.Upload<int>(device, list.Ends);
        places = GpuPattern.Upload<int>(device, [.. list.Places, 0]);
        positions = GpuPattern.Upload<int>(device, list.Positions);
        RowPiece[] rest = RowPiece.After(csr, pieces);
        if (rest.Length > 0)
        {
            Rest = new GpuFiringOrder(device, csr, rest, valuePositions, shape);
        }
    }

    /// <summary>What long rows have beyond their first piece, or null.</summary>
    public GpuFiringOrder? Rest { get; }

    /// <summary>The chunks of columns.</summary>
    public Chunks Chunks { get; }

    /// <summary>The number of bundles that have rows.</summary>
    public int Bundles { get; }

    /// <summary>The number of batches.</summary>
    public int Batches { get; }

    /// <summary>The row of each slot, or -1.</summary>
    public ArrayView<int> Rows => rows.View;

    /// <summary>Where the batches of each slot end in each chunk, behind an entry of nothing.</summary>
    public ArrayView<int> Ends => ends.View;

    /// <summary>For each batch, and one more, its columns' places.</summary>
    public ArrayView<int> Places => places.View;

    /// <summary>For each non-zero of each batch its position, or -1.</summary>
    public ArrayView<int> Positions => positions.View;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (Rest?.Bytes ?? 0)
        + (sizeof(int) * ((long)rows.Length + ends.Length + places.Length + positions.Length));

    /// <summary>What brings values into this order.</summary>
    /// <param name="values">The values of W.</param>
    /// <param name="records">A record for each batch.</param>
    public FireKernel Fire(ArrayView<float> values, ArrayView<Float4> records) => new(values, positions.View, places.View, Batches, records);

    /// <summary>What kernels read of it.</summary>
    public FiringView View => new(rows.View, ends.View, Bundles, Chunks);

    public void Dispose()
    {
        Rest?.Dispose();
        rows.Dispose();
        ends.Dispose();
        places.Dispose();
        positions.Dispose();
    }
}

/// <summary>A firing order as kernels read it.</summary>
/// <param name="rows">The row of each slot, eight slots a bundle, or -1.</param>
/// <param name="ends">Where the batches of a bundle's rows end in each chunk, behind an entry of nothing.</param>
/// <param name="bundles">Bundles that have rows.</param>
/// <param name="chunks">Chunks of columns.</param>
internal readonly struct FiringView(ArrayView<int> rows, ArrayView<int> ends, int bundles, Chunks chunks)
{
    public readonly int Bundles = bundles;

    public readonly Chunks Chunks = chunks;

    /// <summary>The first batch of a bundle.</summary>
    public int First(int bundle) => ends[bundle * Chunks.Count * GpuFiringOrder.BundleRows];

    /// <summary>Where the batches of a bundle's row end in a chunk.</summary>
    public int End(int bundle, int chunk, int row) => ends[(((bundle * Chunks.Count) + chunk) * GpuFiringOrder.BundleRows) + row + 1];

    /// <summary>A row of a bundle, or -1.</summary>
    public int Row(int bundle, int row) => rows[(bundle * GpuFiringOrder.BundleRows) + row];
}

/// <summary>Values in the order in which they fire, a record for each batch: its values, zeros where a place only fills up, and its places.</summary>
internal readonly struct FireKernel(
    ArrayView<float> values, ArrayView<int> positions, ArrayView<int> places, int batches, ArrayView<Float4> records) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < batches; i += Work.Stride)
        {
            int first = i * GpuFiringOrder.Batch;
            records[i] = new Float4(Value(first), Value(first + 1), Value(first + 2), Interop.IntAsFloat((uint)places[i]));
        }
    }

    private float Value(int place)
    {
        int position = positions[place];
        return position < 0 ? 0 : values[position];
    }
}
