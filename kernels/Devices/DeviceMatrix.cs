namespace SparseEngine.Kernels.Devices;

/// <summary>A float32 matrix laid over a device buffer, row-major, with <see cref="Stride"/> elements from one row to the next.</summary>
/// <remarks>
/// Activations are feature-major, <c>[features, tokens]</c>: a row is one feature over all tokens. Their rows start on
/// 64-byte boundaries and are padded to a multiple of 16 elements; what the padding holds is unspecified and no result
/// depends on it. Columns that start on such a boundary are activations too; what is written to them may fill their last line. Weights and their
/// gradients are <c>[out, in]</c> with no padding.
/// </remarks>
/// <param name="Buffer">The memory.</param>
/// <param name="Offset">The index of element [0, 0] in <paramref name="Buffer"/>.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">The number of columns that count.</param>
/// <param name="Stride">The distance between the starts of two rows, at least <paramref name="Columns"/>.</param>
public readonly record struct DeviceMatrix(DeviceBuffer<float> Buffer, int Offset, int Rows, int Columns, int Stride)
{
    /// <summary>Elements of a 64-byte line, which every vector width divides: rows of activations are padded to whole ones.</summary>
    internal const int RowPadding = 16;

    /// <summary>A matrix over a whole buffer, without padding.</summary>
    /// <exception cref="ArgumentException">The buffer's length is not <paramref name="rows"/> times <paramref name="columns"/>.</exception>
    public static DeviceMatrix Dense(DeviceBuffer<float> buffer, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (buffer.Length != (long)rows * columns)
        {
            throw new ArgumentException(
                $"a {rows} x {columns} matrix needs {(long)rows * columns} elements, the buffer has {buffer.Length}", nameof(buffer));
        }

        return new DeviceMatrix(buffer, 0, rows, columns, columns);
    }

    /// <summary>The rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> as a matrix over the same memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows do not lie within this matrix.</exception>
    public DeviceMatrix RowRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - first);
        return this with { Offset = Offset + (first * Stride), Rows = count };
    }

    /// <summary>Tokens rounded up to whole 64-byte lines: how far kernels run along a row of activations.</summary>
    internal static int Padded(int tokens) => checked(tokens + RowPadding - 1) / RowPadding * RowPadding;
}
