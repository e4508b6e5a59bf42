using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Dense product.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void GemmCore(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate)
    {
        int depth = layout == GemmLayout.TransposedA ? a.Rows : a.Columns;
        if (cuBlas is not null && depth > 0)
        {
            try
            {
                cuBlas.Gemm(layout, c.Rows, c.Columns, depth, Elements(a), Elements(b), Elements(c), accumulate);
            }
            catch (CuBlasException error)
            {
                throw new DeviceException($"{Description}: cuBLAS fails with {error.Error}", error);
            }

            return;
        }

        GemmOperands operands = new(Scalars(a), Vectors(b), Scalars(c), c.Rows, c.Columns, depth, accumulate ? 1 : 0);
        switch (layout)
        {
            case GemmLayout.Normal: LaunchGemm(operands, new GemmKernel<NormalLayout>(operands)); break;
            case GemmLayout.TransposedA: LaunchGemm(operands, new GemmKernel<TransposedALayout>(operands)); break;
            case GemmLayout.TransposedB: LaunchGemm(operands, new GemmKernel<TransposedBLayout>(operands)); break;
            default: throw new UnreachableException();
        }
    }

    /// <summary>A matrix's memory from element [0, 0] on, and from one row to the next.</summary>
    private (ArrayView<float> Data, int Stride) Elements(in DeviceMatrix matrix)
    {
        ArrayView<float> data = Own(matrix.Buffer).Padded;
        return (data.SubView(Math.Min(matrix.Offset, data.Length)), Math.Max(matrix.Stride, 1));
    }

    private void LaunchGemm<TLayout>(in GemmOperands operands, in GemmKernel<TLayout> kernel)
        where TLayout : struct, IGemmLayout
    {
        int rows = shapes.Threads / shapes.SquareLanes * GemmKernel<TLayout>.ThreadRows;
        int columns = shapes.SquareLanes * Float4.Width;
        LaunchTiles(DivideUp(operands.M, rows), DivideUp(operands.N, columns), shapes.SquareLanes, kernel);
    }
}

/// <summary>C [m, n] = A B, where the layout says how A and B lie.</summary>
internal readonly struct GemmOperands(ScalarMatrix a, VectorMatrix b, ScalarMatrix c, int m, int n, int k, int accumulate)
{
    public readonly ScalarMatrix A = a, C = c;
    public readonly VectorMatrix B = b;
    public readonly int M = m, N = n, K = k, Accumulate = accumulate;
}

/// <summary>How a tile of A and B comes to shared memory.</summary>
internal interface IGemmLayout
{
    /// <summary>Row and depth of the element of A's tile that is number <paramref name="index"/> in memory order.</summary>
    (int Row, int Depth) PlaceOfA(int index, int tileRows, int tileDepth);

    /// <summary>op(A)[row, depth].</summary>
    float A(in GemmOperands operands, int row, int depth);

    /// <summary>Loads vector number <paramref name="index"/> of B's tile [depth, column] and stores it; its rows are a vector apart.</summary>
    void CopyB(in GemmOperands operands, int index, int firstColumn, int tileColumns, int firstDepth, int tileDepth, ArrayView<Float4> tile);
}

/// <summary>A [m, k], B [k, n].</summary>
internal readonly struct NormalLayout : IGemmLayout
{
    public (int Row, int Depth) PlaceOfA(int index, int tileRows, int tileDepth) => (index / tileDepth, index % tileDepth);

    public float A(in GemmOperands operands, int row, int depth) => operands.A[row, depth];

    public void CopyB(in GemmOperands operands, int index, int firstColumn, int tileColumns, int firstDepth, int tileDepth, ArrayView<Float4> tile) =>
        CopyRows(operands, index, firstColumn, tileColumns, firstDepth, tile);

    /// <summary>Rows of B lie as they are needed.</summary>
    public static void CopyRows(in GemmOperands operands, int index, int firstColumn, int tileColumns, int firstDepth, ArrayView<Float4> tile)
    {
        int vectors = tileColumns / Float4.Width;
        int depth = index / vectors;
        int vector = (firstColumn / Float4.Width) + (index - (depth * vectors));
        bool inside = firstDepth + depth < operands.K && vector * Float4.Width < operands.N;
        tile[index + depth] = inside ? operands.B[firstDepth + depth, vector] : default;
    }
}

/// <summary>A [k, m], B [k, n].</summary>
internal readonly struct TransposedALayout : IGemmLayout
{
    public (int Row, int Depth) PlaceOfA(int index, int tileRows, int tileDepth) => (index % tileRows, index / tileRows);

    public float A(in GemmOperands operands, int row, int depth) => operands.A[depth, row];

    public void CopyB(in GemmOperands operands, int index, int firstColumn, int tileColumns, int firstDepth, int tileDepth, ArrayView<Float4> tile) =>
        NormalLayout.CopyRows(operands, index, firstColumn, tileColumns, firstDepth, tile);
}

/// <summary>A [m, k], B [n, k].</summary>
internal readonly struct TransposedBLayout : IGemmLayout
{
    public (int Row, int Depth) PlaceOfA(int index, int tileRows, int tileDepth) => (index / tileDepth, index % tileDepth);

    public float A(in GemmOperands operands, int row, int depth) => operands.A[row, depth];

    public void CopyB(in GemmOperands operands, int index, int firstColumn, int tileColumns, int firstDepth, int tileDepth, ArrayView<Float4> tile)
    {
        // Depth runs along B's rows, so a vector becomes a column of the tile. Past the last token there is padding, which may hold anything.
        int vectors = tileDepth / Float4.Width;
        int column = index / vectors;
        int depth = (index - (column * vectors)) * Float4.Width;
        int left = operands.K - firstDepth - depth;
        Float4 values = firstColumn + column < operands.N && left > 0
            ? Float4.Keep(operands.B[firstColumn + column, (firstDepth + depth) / Float4.Width], left)
            : default;
        ArrayView<float> scalars = tile.Cast<float>();
        int stride = tileColumns + Float4.Width;
        int at = (depth * stride) + column;
        scalars[at] = values.X;
        scalars[at + stride] = values.Y;
        scalars[at + (2 * stride)] = values.Z;
        scalars[at + (3 * stride)] = values.W;
    }
}

/// <summary>A group computes a tile of C from tiles of A and B in shared memory; a thread holds 8 x 4 sums in registers.</summary>
internal readonly struct GemmKernel<TLayout>(GemmOperands operands) : IKernel
    where TLayout : struct, IGemmLayout
{
    /// <summary>Rows of a thread's sums.</summary>
    public const int ThreadRows = 8;

    private const int TileDepth = 8;

    public void Invoke()
    {
        // A's tile lies [depth, row] and B's [depth, column], so that a thread reads both as vectors. A vector between their rows keeps threads that
        // store along the depth in banks of their own.
        ArrayView<Float4> tileA = SharedMemory.Allocate<Float4>(
            ((GroupShapes.MostThreads / GroupShapes.GpuSquareLanes * ThreadRows / Float4.Width) + 1) * TileDepth);
        ArrayView<Float4> tileB = SharedMemory.Allocate<Float4>((GroupShapes.GpuSquareLanes + 1) * TileDepth);
        TLayout layout = default;
        int lanes = Group.DimX;
        int threads = lanes * Group.DimY;
        int thread = (Group.IdxY * lanes) + Group.IdxX;
        int tileRows = Group.DimY * ThreadRows;
        int tileColumns = lanes * Float4.Width;
        int firstRow = Grid.IdxX * tileRows;
        int firstColumn = Grid.IdxY * tileColumns;
        Float4 sum0 = default;
        Float4 sum1 = default;
        Float4 sum2 = default;
        Float4 sum3 = default;
        Float4 sum4 = default;
        Float4 sum5 = default;
        Float4 sum6 = default;
        Float4 sum7 = default;
        for (int firstDepth = 0; firstDepth < operands.K; firstDepth += TileDepth)
        {
            ArrayView<float> scalarsA = tileA.Cast<float>();
            for (int i = thread; i < tileRows * TileDepth; i += threads)
            {
                (int row, int depth) = layout.PlaceOfA(i, tileRows, TileDepth);
                bool inside = firstRow + row < operands.M && firstDepth + depth < operands.K;
                scalarsA[(depth * (tileRows + Float4.Width)) + row] = inside ? layout.A(operands, firstRow + row, firstDepth + depth) : 0;
            }

            for (int i = thread; i < lanes * TileDepth; i += threads)
            {
                layout.CopyB(operands, i, firstColumn, tileColumns, firstDepth, TileDepth, tileB);
            }

            Group.Barrier();
            for (int depth = 0; depth < TileDepth; depth++)
            {
                int at = (depth * ((tileRows / Float4.Width) + 1)) + (Group.IdxY * (ThreadRows / Float4.Width));
                Float4 upper = tileA[at];
                Float4 lower = tileA[at + 1];
                Float4 b = tileB[(depth * (lanes + 1)) + Group.IdxX];
                sum0 += upper.X * b;
                sum1 += upper.Y * b;
                sum2 += upper.Z * b;
                sum3 += upper.W * b;
                sum4 += lower.X * b;
                sum5 += lower.Y * b;
                sum6 += lower.Z * b;
                sum7 += lower.W * b;
            }

            Group.Barrier();
        }

        int ownRow = firstRow + (Group.IdxY * ThreadRows);
        int ownColumn = firstColumn + (Group.IdxX * Float4.Width);
        Store(ownRow, ownColumn, sum0);
        Store(ownRow + 1, ownColumn, sum1);
        Store(ownRow + 2, ownColumn, sum2);
        Store(ownRow + 3, ownColumn, sum3);
        Store(ownRow + 4, ownColumn, sum4);
        Store(ownRow + 5, ownColumn, sum5);
        Store(ownRow + 6, ownColumn, sum6);
        Store(ownRow + 7, ownColumn, sum7);
    }

    private void Store(int row, int column, Float4 sum)
    {
        if (row < operands.M)
        {
            Store(row, column, sum.X);
            Store(row, column + 1, sum.Y);
            Store(row, column + 2, sum.Z);
            Store(row, column + 3, sum.W);
        }
    }

    private void Store(int row, int column, float sum)
    {
        if (column < operands.N)
        {
            operands.C[row, column] = operands.Accumulate != 0 ? operands.C[row, column] + sum : sum;
        }
    }
}
