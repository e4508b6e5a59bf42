namespace SparseEngine.Sparsity;

/// <summary>Masks that are drawn in blocks of neighbouring rows x 1 column: the rows of a block keep the same columns.</summary>
internal static class BlockRows
{
    /// <summary>Flags the elements of the blocks that are kept: those that the method would keep of a weight with a row for each block.</summary>
    /// <param name="settings">How the weight is made sparse: by a method that ranks elements.</param>
    /// <param name="weight">Its elements, row-major.</param>
    public static bool[] Mark(WeightSparsity settings, ReadOnlySpan<float> weight)
    {
        int height = settings.BlockRows;
        int columns = settings.Columns;
        WeightSparsity blocks = settings with { Shape = [settings.Rows / height, columns], Kept = settings.Kept / height, BlockRows = 1 };
        ReadOnlySpan<bool> chosen = MaskSelector.Select(blocks, Sums(settings, weight)).Keep;
        bool[] keep = new bool[weight.Length];
        for (int row = 0; row < settings.Rows; row++)
        {
            chosen.Slice(row / height * columns, columns).CopyTo(keep.AsSpan(row * columns));
        }

        return keep;
    }

    /// <summary>What blocks are ranked by: the sum of the magnitudes that are finite; NaN, the mark of a sparse place, where none is.</summary>
    private static float[] Sums(WeightSparsity settings, ReadOnlySpan<float> weight)
    {
        int columns = settings.Columns;
        float[] sums = new float[weight.Length / settings.BlockRows];
        Array.Fill(sums, float.NaN);
        for (int row = 0; row < settings.Rows; row++)
        {
            Span<float> block = sums.AsSpan(row / settings.BlockRows * columns, columns);
            ReadOnlySpan<float> elements = weight.Slice(row * columns, columns);
            for (int column = 0; column < columns; column++)
            {
                float magnitude = MathF.Abs(elements[column]);
                if (float.IsFinite(magnitude))
                {
                    // An infinite sum would rank as a sparse place does.
                    block[column] = float.IsNaN(block[column]) ? magnitude : MathF.Min(block[column] + magnitude, float.MaxValue);
                }
            }
        }

        return sums;
    }
}
