using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <content>What operands must be. That they are of this device a device sees for itself, when it takes their memory.</content>
public abstract partial class ComputeDevice
{
    private static void RequireLength<T>([NotNull] DeviceBuffer<T>? buffer, long atLeast, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(buffer, name);
        if (buffer.Length < atLeast)
        {
            throw new ArgumentException($"the buffer has {buffer.Length} elements, {atLeast} are needed", name);
        }
    }

    /// <summary>One item for each element of a weight.</summary>
    private static void RequireElements<T>(
        [NotNull] DeviceBuffer<T>? buffer, int rows, int columns, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        RequireLength(buffer, (long)rows * columns, name);
    }

    /// <summary>A pattern of a weight, where there is one.</summary>
    private static void RequireShape(CsrPattern? pattern, int rows, int columns, [CallerArgumentExpression(nameof(pattern))] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (pattern is not null && (pattern.Rows != rows || pattern.ColumnCount != columns))
        {
            throw new ArgumentException($"the pattern is {pattern.Rows} x {pattern.ColumnCount}, {rows} x {columns} is needed", name);
        }
    }

    /// <summary>The matrix must lie within its buffer.</summary>
    private static void RequireMatrix(in DeviceMatrix matrix, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(matrix.Buffer, name);
        bool isShape = matrix.Rows >= 0 && matrix.Columns >= 0 && matrix.Offset >= 0 && matrix.Stride >= matrix.Columns;
        if (!isShape || EndOf(matrix, matrix.Columns) > matrix.Buffer.Length)
        {
            throw new ArgumentException(
                $"a {matrix.Rows} x {matrix.Columns} matrix with stride {matrix.Stride} at {matrix.Offset} does not fit its buffer "
                + $"of {matrix.Buffer.Length}",
                name);
        }
    }

    /// <summary>Rows must start on 64-byte lines and fill them, so that whole vectors may be read and written.</summary>
    private static void RequireActivations(in DeviceMatrix matrix, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        RequireMatrix(matrix, name);
        bool isOnLines = matrix.Stride % DeviceMatrix.RowPadding == 0 && matrix.Offset % DeviceMatrix.RowPadding == 0;
        if (!isOnLines || EndOf(matrix, DeviceMatrix.Padded(matrix.Columns)) > matrix.Buffer.Length)
        {
            throw new ArgumentException("activations need rows padded to 64 bytes, as AllocateActivations makes them", name);
        }
    }

    /// <summary>Activations [features, tokens].</summary>
    private static void RequireActivations(
        in DeviceMatrix matrix, int features, int tokens, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        if (matrix.Rows != features || matrix.Columns != tokens)
        {
            throw new ArgumentException($"the matrix is {matrix.Rows} x {matrix.Columns}, {features} x {tokens} is needed", name);
        }

        RequireActivations(matrix, name);
    }

    private static long EndOf(in DeviceMatrix matrix, int width) =>
        matrix.Rows == 0 ? 0 : matrix.Offset + ((long)(matrix.Rows - 1) * matrix.Stride) + width;
}
