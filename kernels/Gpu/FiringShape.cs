namespace SparseEngine.Kernels.Gpu;

/// <summary>How the non-zeros of a firing order lie.</summary>
/// <param name="BundleRows">Rows that one team takes.</param>
/// <param name="Batch">Non-zeros of a row that are fired together, whose places are one word.</param>
/// <param name="PlaceBits">Bits of a place.</param>
/// <param name="PlaceStride">From one place to the next.</param>
/// <param name="LaneVectors">Vectors of a tile's column that each lane has.</param>
internal sealed record FiringShape(int BundleRows, int Batch, int PlaceBits, int PlaceStride, int LaneVectors)
{
    /// <summary>Scattered non-zeros: three values and their places are one 16-byte record.</summary>
    public static readonly FiringShape Scattered = new(GpuFiringOrder.BundleRows, GpuFiringOrder.Batch, GpuFiringOrder.PlaceBits, 1, 1);

    /// <summary>Quads of rows: a record for each column, and places that need no multiplication.</summary>
    public static readonly FiringShape Quads = new(1, GpuQuads.Batch, GpuQuads.PlaceBits, WideTile.Stride, WideTile.LaneVectors);
}
