using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A thread's sums for its lane's four tokens: the features first, first + Group.DimY, and so on.</summary>
internal readonly struct AttentionSums(Float4 sum0, Float4 sum1, Float4 sum2, Float4 sum3)
{
    public AttentionSums Scaled(Float4 factor) => new(factor * sum0, factor * sum1, factor * sum2, factor * sum3);

    /// <summary>Adds sum over tokens of tile[token, lane] rows[feature, token].</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="tile">The group's tile, four rows for each vector of tokens.</param>
    /// <param name="rows">What the tokens carry.</param>
    /// <param name="firstRow">The head's first row of them.</param>
    /// <param name="feature">The thread's first feature, counted in the head.</param>
    /// <param name="first">The tile's first vector.</param>
    /// <param name="end">One past the last vector that counts.</param>
    public AttentionSums Plus(
        in AttentionShape shape, ArrayView<Float4> tile, VectorMatrix rows, int firstRow, int feature, int first, int end)
    {
        int lanes = Group.DimX;
        int step = Group.DimY;
        int row = firstRow + feature;
        Float4 total0 = sum0;
        Float4 total1 = sum1;
        Float4 total2 = sum2;
        Float4 total3 = sum3;
        if (shape.IsAligned && feature + (3 * step) < shape.HeadSize)
        {
            // Without a branch between them, all loads of a round are on their way together.
            int place = Group.IdxX;
            int row0 = rows.Place(row, first);
            int row1 = rows.Place(row + step, first);
            int row2 = rows.Place(row + (2 * step), first);
            int row3 = rows.Place(row + (3 * step), first);
            for (int left = end - first < step ? end - first : step; left > 0; left--)
            {
                Block4 block = new(tile[place], tile[place + lanes], tile[place + (2 * lanes)], tile[place + (3 * lanes)]);
                total0 = Add(total0, block, rows.At(row0));
                total1 = Add(total1, block, rows.At(row1));
                total2 = Add(total2, block, rows.At(row2));
                total3 = Add(total3, block, rows.At(row3));
                place += Float4.Width * lanes;
                row0++;
                row1++;
                row2++;
                row3++;
            }

            return new AttentionSums(total0, total1, total2, total3);
        }

        for (int vector = first; vector < first + step && vector < end; vector++)
        {
            int at = ((vector - first) * Float4.Width * lanes) + Group.IdxX;
            Block4 block = new(tile[at], tile[at + lanes], tile[at + (2 * lanes)], tile[at + (3 * lanes)]);
            total0 = feature < shape.HeadSize ? Add(total0, block, shape.Within(rows[row, vector], vector)) : total0;
            total1 = feature + step < shape.HeadSize ? Add(total1, block, shape.Within(rows[row + step, vector], vector)) : total1;
            total2 = feature + (2 * step) < shape.HeadSize ? Add(total2, block, shape.Within(rows[row + (2 * step), vector], vector)) : total2;
            total3 = feature + (3 * step) < shape.HeadSize ? Add(total3, block, shape.Within(rows[row + (3 * step), vector], vector)) : total3;
        }

        return new AttentionSums(total0, total1, total2, total3);
    }

    /// <summary>Writes the sums of the tokens that are in the sequence.</summary>
    public void Write(in AttentionShape shape, ScalarMatrix result, int firstRow, int feature, int vector)
    {
        Write(shape, result, firstRow, feature, vector, sum0);
        Write(shape, result, firstRow, feature + Group.DimY, vector, sum1);
        Write(shape, result, firstRow, feature + (2 * Group.DimY), vector, sum2);
        Write(shape, result, firstRow, feature + (3 * Group.DimY), vector, sum3);
    }

    private static void Write(in AttentionShape shape, ScalarMatrix result, int firstRow, int feature, int vector, Float4 sum)
    {
        if (feature < shape.HeadSize)
        {
            int index = shape.IndexOf(vector);
            Write(shape, result, firstRow, feature, index, sum.X);
            Write(shape, result, firstRow, feature, index + 1, sum.Y);
            Write(shape, result, firstRow, feature, index + 2, sum.Z);
            Write(shape, result, firstRow, feature, index + 3, sum.W);
        }
    }

    private static void Write(in AttentionShape shape, ScalarMatrix result, int firstRow, int feature, int index, float sum)
    {
        if (shape.Contains(index))
        {
            result[firstRow + feature, shape.ColumnOf(index)] = sum;
        }
    }

    private static Float4 Add(Float4 sum, Block4 block, Float4 weights) =>
        sum + (weights.X * block.Row0) + (weights.Y * block.Row1) + (weights.Z * block.Row2) + (weights.W * block.Row3);
}
