using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class SparseProductTests
{
    /// <summary>
    /// Rows and columns of the weight, tokens, sparsity: several tiles of columns and tokens, several groups of rows, and what is left after
    /// them; how many rows share their columns.
    /// </summary>
    private static readonly (int Rows, int Columns, int Tokens, double Sparsity, int Sharing)[] Shapes =
    [
        (1, 1, 1, 0, 1), (3, 17, 63, 0.5, 1), (65, 63, 17, 0.9, 1), (17, 1000, 65, 0.99, 1), (63, 65, 1000, 0.9, 1), (1000, 3, 3, 0.5, 1),
        (17, 300, 130, 0, 1), (300, 200, 40, 0.5, 1), (65, 17, 65, 1, 1), (0, 17, 5, 0, 1), (17, 0, 5, 0, 1), (3, 17, 0, 0.5, 1),
        (4, 1, 1, 0, 4), (4, 17, 3, 0.5, 4), (64, 63, 17, 0.9, 4), (20, 1000, 65, 0.99, 4), (60, 65, 1000, 0.8, 4), (1000, 3, 63, 0.5, 4),
        (12, 300, 100, 0.3, 4), (16, 260, 70, 0.3, 4), (300, 200, 48, 0.5, 4), (64, 17, 65, 1, 4), (8, 17, 0, 0.5, 4), (4, 0, 5, 0, 4),
    ];

    [Theory]
    [EveryDevice]
    public void Spmm_is_the_product_plus_the_bias(DeviceFamily family)
    {
        foreach ((int rows, int columns, int tokens, double sparsity, int sharing) in ShapesOf(family))
        {
            (CsrPattern pattern, double[] values) = Weight(rows, columns, sparsity, sharing);
            Inputs inputs = new(2);
            Matrix x = inputs.Matrix(columns, tokens);
            foreach (double[]? bias in new[] { null, inputs.Vector(rows) })
            {
                BoundedMatrix expected = Product(pattern, values, x, bias);
                string place = $"{rows} x {columns}, {tokens} tokens, sparsity {sparsity}, {sharing} sharing";
                ConformanceCheck.Run(family, place, [expected.Values], workspace =>
                {
                    DeviceMatrix y = workspace.Activations(rows, tokens);
                    CsrMatrix weight = new(workspace.Pattern(pattern), workspace.Buffer(values));
                    workspace.Device.Spmm(weight, workspace.Activations(x), y, bias is null ? null : workspace.Buffer(bias));
                    return [Workspace.Read(y)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Spmm_transposed_is_the_product_with_the_transpose(DeviceFamily family)
    {
        foreach ((int rows, int columns, int tokens, double sparsity, int sharing) in ShapesOf(family))
        {
            (CsrPattern pattern, double[] values) = Weight(rows, columns, sparsity, sharing);
            Inputs inputs = new(3);
            Matrix dy = inputs.Matrix(rows, tokens);
            Matrix old = inputs.Matrix(columns, tokens);
            foreach (bool accumulate in new[] { false, true })
            {
                BoundedMatrix expected = TransposedProduct(pattern, values, dy, accumulate ? old : null);
                string place = $"{rows} x {columns}, {tokens} tokens, sparsity {sparsity}, accumulate {accumulate}, {sharing} sharing";
                ConformanceCheck.Run(family, place, [expected.Values], workspace =>
                {
                    DeviceMatrix dx = accumulate ? workspace.Activations(old) : workspace.Activations(columns, tokens);
                    CsrMatrix weight = new(workspace.Pattern(pattern), workspace.Buffer(values));
                    workspace.Device.SpmmTransposed(weight, workspace.Activations(dy), dx, accumulate);
                    return [Workspace.Read(dx)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Sddmm_is_the_outer_product_where_the_pattern_has_places(DeviceFamily family)
    {
        foreach ((int rows, int columns, int tokens, double sparsity, int sharing) in ShapesOf(family))
        {
            (CsrPattern pattern, double[] old) = Weight(rows, columns, sparsity, sharing);
            Inputs inputs = new(4);
            Matrix dy = inputs.Matrix(rows, tokens);
            Matrix x = inputs.Matrix(columns, tokens);
            foreach (bool accumulate in new[] { false, true })
            {
                Bounded[] expected = SampledProduct(pattern, dy, x, accumulate ? old : null);
                string place = $"{rows} x {columns}, {tokens} tokens, sparsity {sparsity}, accumulate {accumulate}, {sharing} sharing";
                ConformanceCheck.Run(family, place, [expected], workspace =>
                {
                    DeviceBuffer<float> gradient = accumulate ? workspace.Buffer(old) : workspace.Buffer(pattern.NonZeros);
                    workspace.Device.Sddmm(workspace.Pattern(pattern), workspace.Activations(dy), workspace.Activations(x), gradient, accumulate);
                    return [Workspace.Read(gradient)];
                });
            }
        }
    }

    /// <summary>Outputs too large for the caches, more rows than one pass takes, more columns than are packed at once, and both.</summary>
    [Theory]
    [InlineData(DeviceFamily.HostVector128, 1500, 40, 1600)]
    [InlineData(DeviceFamily.HostVector256, 1500, 40, 1600)]
    [InlineData(DeviceFamily.HostVector512, 1500, 40, 1600)]
    [InlineData(DeviceFamily.HostVector128, 30, 2500, 1000)]
    [InlineData(DeviceFamily.HostVector256, 30, 2500, 1000)]
    [InlineData(DeviceFamily.HostVector512, 30, 2500, 1000)]
    [InlineData(DeviceFamily.HostVector128, 2200, 1100, 90)]
    [InlineData(DeviceFamily.HostVector256, 2200, 1100, 90)]
    [InlineData(DeviceFamily.HostVector512, 2200, 1100, 90)]
    public void Large_products_are_products_like_any(DeviceFamily family, int rows, int columns, int tokens)
    {
        Inputs inputs = new(7);
        CsrPattern pattern = inputs.Pattern(rows, columns, 0.97);
        CheckProducts(family, $"{rows} x {columns}, {tokens} tokens", inputs, pattern, tokens);
    }

    /// <summary>The last columns, and rows, that have numbers of 16 bits, and the first that have not.</summary>
    [Theory]
    [InlineData(DeviceFamily.HostSparseProducts)]
    [InlineData(DeviceFamily.HostDenseProducts)]
    public void Numbers_of_16_bits_and_of_more_are_columns_like_any(DeviceFamily family)
    {
        Inputs inputs = new(9);
        foreach (int most in new[] { 65_535, 65_536, 65_537 })
        {
            bool[] keep = inputs.Vector(2 * most).Select(value => value > 0.99).ToArray();
            keep[most - 1] = keep[^1] = keep[0] = true;
            foreach (CsrPattern pattern in new[] { CsrPattern.FromMask(2, most, keep), CsrPattern.FromMask(most, 2, keep) })
            {
                foreach (int tokens in new[] { 1, 3 })
                {
                    CheckProducts(family, $"{pattern.Rows} x {pattern.ColumnCount}, {tokens} tokens", inputs, pattern, tokens);
                }
            }
        }
    }

    /// <summary>A piece of the matrix with more non-zeros than 16 bits count.</summary>
    [Theory]
    [InlineData(DeviceFamily.HostVector128)]
    [InlineData(DeviceFamily.HostVector256)]
    [InlineData(DeviceFamily.HostVector512)]
    public void A_dense_corner_of_a_sparse_weight_is_multiplied_like_any(DeviceFamily family)
    {
        const int Rows = 1000;
        const int Columns = 3000;
        const int Tokens = 20;
        bool[] keep = new bool[Rows * Columns];
        for (int row = 0; row < 300; row++)
        {
            Array.Fill(keep, true, row * Columns, 256);
        }

        Inputs inputs = new(8);
        CsrPattern pattern = CsrPattern.FromMask(Rows, Columns, keep);
        CheckProducts(family, "a dense corner", inputs, pattern, Tokens);
    }

    [Theory]
    [EveryDevice]
    public void Rows_far_longer_than_the_others_are_products_like_any(DeviceFamily family)
    {
        const int Rows = 40;
        const int Columns = 210;
        const int Tokens = 33;
        Inputs inputs = new(6);
        CsrPattern sparse = inputs.Pattern(Rows, Columns, 0.97);
        bool[] keep = new bool[Rows * Columns];
        Array.Fill(keep, true, 7 * Columns, Columns);
        Array.Fill(keep, true, 30 * Columns, 100);
        for (int row = 0; row < Rows; row++)
        {
            for (int p = sparse.RowPointers[row]; p < sparse.RowPointers[row + 1]; p++)
            {
                keep[(row * Columns) + sparse.Columns[p]] = true;
            }
        }

        CsrPattern pattern = CsrPattern.FromMask(Rows, Columns, keep);
        CheckProducts(family, "two long rows", inputs, pattern, Tokens);
        CheckProducts(family, "two long quads of rows", inputs, Repeat(pattern, 4), Tokens);

        // Rows of the transpose, with as many quads.
        if (family != DeviceFamily.IlgpuSmallGpu)
        {
            bool[] turned = [.. Enumerable.Range(0, keep.Length).Select(place => keep[(place % Rows * Columns) + (place / Rows)])];
            CsrPattern tall = Repeat(CsrPattern.FromMask(Columns, Rows, turned), 4);
            CheckProducts(family, "two columns with many quads", inputs, tall, Tokens);
        }
    }

    /// <summary>What an earlier product left in the device's own memory is not taken for a gradient.</summary>
    [Theory]
    [EveryDevice]
    public void No_tokens_add_nothing_to_a_gradient_after_other_products(DeviceFamily family)
    {
        (CsrPattern pattern, double[] values) = Weight(20, 30, 0.5);
        Inputs inputs = new(9);
        Matrix x = inputs.Matrix(30, 9);
        Matrix dy = inputs.Matrix(20, 9);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            double[] written = Products(workspace, pattern, values, x, dy)[2];
            DeviceBuffer<float> gradient = workspace.Buffer(written);

            workspace.Device.Sddmm(
                workspace.Pattern(pattern), workspace.Activations(20, 0), workspace.Activations(30, 0), gradient, accumulate: true);
            Assert.Equal(written, Workspace.Read(gradient));

            workspace.Device.Sddmm(
                workspace.Pattern(pattern), workspace.Activations(20, 0), workspace.Activations(30, 0), gradient, accumulate: false);
            Assert.All(Workspace.Read(gradient), value => Assert.Equal(0, value));
        }
    }

    [Theory]
    [EveryDevice]
    public void A_small_weight_after_a_large_one_has_products_of_its_own(DeviceFamily family)
    {
        (CsrPattern large, double[] largeValues) = Weight(20, 30, 0.2);
        (CsrPattern pattern, double[] values) = Weight(7, 5, 0.2);
        Inputs inputs = new(7);
        Matrix x = inputs.Matrix(5, 9);
        Matrix dy = inputs.Matrix(7, 9);
        ConformanceCheck.Run(
            family,
            "a small weight after a large one",
            [Product(pattern, values, x, null).Values, TransposedProduct(pattern, values, dy, null).Values, SampledProduct(pattern, dy, x, null)],
            workspace =>
            {
                Products(workspace, large, largeValues, inputs.Matrix(30, 9), inputs.Matrix(20, 9));
                return Products(workspace, pattern, values, x, dy);
            });
    }

    [Theory]
    [EveryDevice]
    public void The_number_of_blocks_changes_no_bit(DeviceFamily family)
    {
        foreach (int sharing in new[] { 1, 4 })
        {
            CheckBlocks(family, sharing);
        }
    }

    private static void CheckBlocks(DeviceFamily family, int sharing)
    {
        (CsrPattern pattern, double[] values) = Weight(68, 130, 0.8, sharing);
        Inputs inputs = new(5);
        Matrix x = inputs.Matrix(130, 70);
        Matrix dy = inputs.Matrix(68, 70);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            double[][] once = Products(1);
            foreach (int blocks in new[] { 2, 7, 200 })
            {
                double[][] results = Products(blocks);
                Assert.Equal(once[0], results[0]);
                Assert.Equal(once[1], results[1]);
                Assert.Equal(once[2], results[2]);
            }

            double[][] Products(int blocks)
            {
                CsrMatrix weight = new(workspace.Pattern(pattern, blocks), workspace.Buffer(values));
                DeviceMatrix y = workspace.Activations(68, 70);
                DeviceMatrix dx = workspace.Activations(130, 70);
                DeviceBuffer<float> gradient = workspace.Buffer(pattern.NonZeros);
                device.Spmm(weight, workspace.Activations(x), y, null);
                device.SpmmTransposed(weight, workspace.Activations(dy), dx, accumulate: false);
                device.Sddmm(weight.Pattern, workspace.Activations(dy), workspace.Activations(x), gradient, accumulate: false);
                return [Workspace.Read(y), Workspace.Read(dx), Workspace.Read(gradient)];
            }
        }
    }

    /// <summary>Holds the three products of a pattern with random values against float64.</summary>
    private static void CheckProducts(DeviceFamily family, string name, Inputs inputs, CsrPattern pattern, int tokens)
    {
        double[] values = inputs.Vector(pattern.NonZeros);
        Matrix x = inputs.Matrix(pattern.ColumnCount, tokens);
        Matrix dy = inputs.Matrix(pattern.Rows, tokens);
        ConformanceCheck.Run(
            family, name,
            [Product(pattern, values, x, null).Values, TransposedProduct(pattern, values, dy, null).Values, SampledProduct(pattern, dy, x, null)],
            workspace => Products(workspace, pattern, values, x, dy));
    }

    /// <summary>W x, W^T dy and dy x^T at the non-zeros.</summary>
    private static double[][] Products(Workspace workspace, CsrPattern pattern, double[] values, Matrix x, Matrix dy)
    {
        DeviceMatrix y = workspace.Activations(pattern.Rows, x.Columns);
        DeviceMatrix dx = workspace.Activations(pattern.ColumnCount, x.Columns);
        DeviceBuffer<float> gradient = workspace.Buffer(pattern.NonZeros);
        CsrMatrix weight = new(workspace.Pattern(pattern), workspace.Buffer(values));
        workspace.Device.Spmm(weight, workspace.Activations(x), y, null);
        workspace.Device.SpmmTransposed(weight, workspace.Activations(dy), dx, accumulate: false);
        workspace.Device.Sddmm(weight.Pattern, workspace.Activations(dy), workspace.Activations(x), gradient, accumulate: false);
        return [Workspace.Read(y), Workspace.Read(dx), Workspace.Read(gradient)];
    }

    private static IEnumerable<(int Rows, int Columns, int Tokens, double Sparsity, int Sharing)> ShapesOf(DeviceFamily family) =>
        family.CasesOf(Shapes, shape => (long)shape.Rows * shape.Columns * shape.Tokens, largest: 100_000);

    private static (CsrPattern Pattern, double[] Values) Weight(int rows, int columns, double sparsity, int sharing = 1)
    {
        Inputs inputs = new(1);
        CsrPattern pattern = Repeat(inputs.Pattern(rows / sharing, columns, sparsity), sharing);
        return (pattern, inputs.Vector(pattern.NonZeros));
    }

    // Each row so many times.
    private static CsrPattern Repeat(CsrPattern pattern, int times)
    {
        bool[] keep = new bool[pattern.Rows * times * pattern.ColumnCount];
        for (int row = 0; row < pattern.Rows * times; row++)
        {
            foreach (int column in pattern.Columns[pattern.RowPointers[row / times]..pattern.RowPointers[(row / times) + 1]])
            {
                keep[(row * pattern.ColumnCount) + column] = true;
            }
        }

        return CsrPattern.FromMask(pattern.Rows * times, pattern.ColumnCount, keep);
    }

    private static BoundedMatrix Product(CsrPattern pattern, double[] values, Matrix x, double[]? bias)
    {
        BoundedMatrix y = new(pattern.Rows, x.Columns);
        for (int row = 0; row < pattern.Rows; row++)
        {
            for (int t = 0; t < x.Columns; t++)
            {
                BoundedSum sum = default;
                sum.Add(bias is null ? 0 : bias[row]);
                for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
                {
                    sum.Add(values[p] * (Bounded)x[pattern.Columns[p], t]);
                }

                y[row, t] = sum.Total;
            }
        }

        return y;
    }

    private static BoundedMatrix TransposedProduct(CsrPattern pattern, double[] values, Matrix dy, Matrix? old)
    {
        BoundedMatrix dx = new(pattern.ColumnCount, dy.Columns);
        for (int t = 0; t < dy.Columns; t++)
        {
            BoundedSum[] sums = new BoundedSum[pattern.ColumnCount];
            for (int column = 0; column < sums.Length; column++)
            {
                sums[column].Add(old is null ? 0 : old[column, t]);
            }

            for (int row = 0; row < pattern.Rows; row++)
            {
                for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
                {
                    sums[pattern.Columns[p]].Add(values[p] * (Bounded)dy[row, t]);
                }
            }

            for (int column = 0; column < sums.Length; column++)
            {
                dx[column, t] = sums[column].Total;
            }
        }

        return dx;
    }

    private static Bounded[] SampledProduct(CsrPattern pattern, Matrix dy, Matrix x, double[]? old)
    {
        Bounded[] gradient = new Bounded[pattern.NonZeros];
        for (int row = 0; row < pattern.Rows; row++)
        {
            for (int p = pattern.RowPointers[row]; p < pattern.RowPointers[row + 1]; p++)
            {
                BoundedSum sum = default;
                sum.Add(old is null ? 0 : old[p]);
                for (int t = 0; t < x.Columns; t++)
                {
                    sum.Add(dy[row, t] * (Bounded)x[pattern.Columns[p], t]);
                }

                gradient[p] = sum.Total;
            }
        }

        return gradient;
    }
}
