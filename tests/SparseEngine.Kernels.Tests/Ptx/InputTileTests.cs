using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;
using SparseEngine.PtxMachine;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>The tile of a sparse product's input in shared memory, as large as a GPU has room for.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class InputTileTests
{
    // What the columns of a tile of an Ampere's and a Hopper's data-center chip are, beside those of static memory.
    private static readonly int[] Chunks = [InputTile.StaticColumns, 320, 448];

    // Kibibytes of shared memory of a multiprocessor and a group: Volta, Turing, consumers' Ampere, A100, Hopper, and more than there is.
    [Theory]
    [InlineData(96, 96, 95)]
    [InlineData(64, 64, 95)]
    [InlineData(100, 99, 95)]
    [InlineData(164, 163, 320)]
    [InlineData(228, 227, 448)]
    [InlineData(228, 100, 95)]
    [InlineData(1024, 1023, 992)]
    public void A_tile_is_as_large_as_a_data_centers_multiprocessor_has_room_for(int multiprocessor, int group, int columns) =>
        Assert.Equal(columns, InputTile.ColumnsFor(multiprocessor << 10, group << 10));

    [Fact]
    public void A_device_without_large_tiles_keeps_to_static_memory()
    {
        using GpuDevice large = PtxDevice.Create(new PtxExecutor());
        Assert.Equal(448, large.ChunkColumns);
        using GpuDevice small = PtxDevice.Create(new PtxExecutor(), new ProductOptions { UseLargeTiles = false });
        Assert.Equal(InputTile.StaticColumns, small.ChunkColumns);
    }

    /// <summary>Small whole numbers, whose sums float32 holds exactly.</summary>
    [Theory]
    [InlineData(94)]
    [InlineData(95)]
    [InlineData(96)]
    [InlineData(159)]
    [InlineData(160)]
    [InlineData(161)]
    [InlineData(190)]
    [InlineData(191)]
    [InlineData(223)]
    [InlineData(224)]
    [InlineData(225)]
    [InlineData(448)]
    [InlineData(449)]
    public void A_product_is_the_same_whatever_the_width_of_a_chunk(int columns)
    {
        const int Rows = 37;
        const int Tokens = 70;
        Random random = new(columns);
        bool[] keep = [.. Enumerable.Range(0, Rows * columns).Select(place => random.Next(4) == 0 || place % columns == columns - 1)];
        CsrPattern csr = CsrPattern.FromMask(Rows, columns, keep);
        double[] values = [.. Enumerable.Range(0, csr.NonZeros).Select(_ => (double)random.Next(-8, 9))];
        Matrix x = new(columns, Tokens, [.. Enumerable.Range(0, columns * Tokens).Select(_ => (double)random.Next(-8, 9))]);
        Matrix expected = Product(csr, values, x);
        foreach (int chunk in Chunks)
        {
            PtxExecutor executor = new(counts: true);
            using GpuDevice device = PtxDevice.Create(executor, chunkColumns: chunk);
            using Workspace workspace = new(device, poisoned: false);
            DeviceMatrix y = workspace.Activations(Rows, Tokens);
            device.Spmm(new CsrMatrix(workspace.Pattern(csr), workspace.Buffer(values)), workspace.Activations(x), y, null);

            Assert.Equal(expected.Values, Workspace.Read(y));
            Type memory = chunk == InputTile.StaticColumns ? typeof(StaticTileMemory) : typeof(DynamicTileMemory);
            Assert.Contains(typeof(SpmmKernel<>).MakeGenericType(memory), executor.TakeCounts().Keys);
        }
    }

    /// <summary>More rows than a share has, more columns than a chunk, and rows with none and with all of them.</summary>
    [Theory]
    [InlineData(95, 1)]
    [InlineData(448, 1)]
    [InlineData(95, RowQuads.Rows)]
    [InlineData(448, RowQuads.Rows)]
    public void A_sampled_product_is_the_same_whatever_the_size_of_a_share(int chunkColumns, int sharing)
    {
        const int Rows = 532;
        const int Columns = 270;
        const int Tokens = 37;
        Random random = new(5);
        bool[] keep =
        [
            .. Enumerable.Range(0, Rows / sharing * Columns)
                .Select(place => place / Columns == 9 || (place / Columns % 7 != 3 && random.Next(40 / sharing) == 0)),
        ];
        CsrPattern csr = CsrPattern.FromMask(
            Rows, Columns, [.. Enumerable.Range(0, Rows * Columns).Select(place => keep[(place / Columns / sharing * Columns) + (place % Columns)])]);
        Matrix x = new(Columns, Tokens, [.. Enumerable.Range(0, Columns * Tokens).Select(_ => (double)random.Next(-8, 9))]);
        Matrix dy = new(Rows, Tokens, [.. Enumerable.Range(0, Rows * Tokens).Select(_ => (double)random.Next(-8, 9))]);
        PtxExecutor executor = new(counts: true);
        using GpuDevice device = PtxDevice.Create(executor, chunkColumns: chunkColumns);
        using Workspace workspace = new(device, poisoned: false);
        DeviceBuffer<float> gradient = workspace.Buffer(new double[csr.NonZeros]);
        device.Sddmm(workspace.Pattern(csr), workspace.Activations(dy), workspace.Activations(x), gradient, accumulate: false);

        float[] actual = new float[csr.NonZeros];
        gradient.CopyTo(actual);
        for (int row = 0; row < Rows; row++)
        {
            for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p++)
            {
                Assert.Equal(Enumerable.Range(0, Tokens).Sum(token => dy[row, token] * x[csr.Columns[p], token]), actual[p]);
            }
        }

        Type memory = chunkColumns == InputTile.StaticColumns ? typeof(StaticSampleMemory) : typeof(DynamicSampleMemory);
        Type kernel = sharing == RowQuads.Rows ? typeof(SddmmQuadsKernel<>) : typeof(SddmmKernel<>);
        Assert.Contains(kernel.MakeGenericType(memory), executor.TakeCounts().Keys);
    }

    private static Matrix Product(CsrPattern csr, double[] values, Matrix x)
    {
        Matrix y = new(csr.Rows, x.Columns);
        for (int row = 0; row < csr.Rows; row++)
        {
            for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p++)
            {
                for (int token = 0; token < x.Columns; token++)
                {
                    y[row, token] += values[p] * x[csr.Columns[p], token];
                }
            }
        }

        return y;
    }
}
