using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>One run of an operation on one device: uploads its inputs, reads its results, and keeps the buffers alive until it ends.</summary>
/// <param name="device">The device.</param>
/// <param name="poisoned">Whether activations are NaN throughout, for a run that only leaves its traces in the device.</param>
internal sealed class Workspace(ComputeDevice device, bool poisoned) : IDisposable
{
    // Rows of this value surround every matrix of activations; an operation that touches them has left its bounds.
    private const float Guard = 12345;

    private readonly List<IDisposable> owned = [];

    public ComputeDevice Device => device;

    /// <summary>Activations with these values and NaN in the padding.</summary>
    public DeviceMatrix Activations(Matrix values)
    {
        DeviceMatrix matrix = Activations(values.Rows, values.Columns);
        if (!poisoned)
        {
            for (int row = 0; row < values.Rows; row++)
            {
                float[] line = ToFloat32(values.Values.AsSpan(row * values.Columns, values.Columns));
                matrix.Buffer.CopyFrom(line, matrix.Offset + (row * matrix.Stride));
            }
        }

        return matrix;
    }

    /// <summary>Activations that hold NaN everywhere: what an operation writes without reading.</summary>
    public DeviceMatrix Activations(int rows, int columns)
    {
        DeviceMatrix whole = device.AllocateActivations(rows + 2, columns);
        owned.Add(whole.Buffer);
        float[] contents = new float[whole.Buffer.Length];
        Array.Fill(contents, Guard);
        contents.AsSpan(whole.Stride, rows * whole.Stride).Fill(float.NaN);
        whole.Buffer.CopyFrom(contents);
        return whole.RowRange(1, rows);
    }

    /// <summary>A matrix without padding: a dense weight.</summary>
    public DeviceMatrix Dense(Matrix values) => DeviceMatrix.Dense(Buffer(values.Values), values.Rows, values.Columns);

    public DeviceBuffer<float> Buffer(double[] values)
    {
        DeviceBuffer<float> buffer = device.Allocate<float>(values.Length);
        owned.Add(buffer);
        buffer.CopyFrom(ToFloat32(values));
        return buffer;
    }

    public DeviceBuffer<int> Buffer(int[] values)
    {
        DeviceBuffer<int> buffer = device.Allocate<int>(values.Length);
        owned.Add(buffer);
        buffer.CopyFrom(values);
        return buffer;
    }

    /// <summary>A buffer that holds NaN: what an operation writes without reading.</summary>
    public DeviceBuffer<float> Buffer(int length)
    {
        double[] values = new double[length];
        Array.Fill(values, double.NaN);
        return Buffer(values);
    }

    /// <summary>A buffer with these contents, bit for bit.</summary>
    public DeviceBuffer<T> Upload<T>(T[] values)
        where T : unmanaged
    {
        DeviceBuffer<T> buffer = Own(device.Allocate<T>(values.Length));
        buffer.CopyFrom(values);
        return buffer;
    }

    /// <summary>What a buffer holds, bit for bit.</summary>
    public static T[] Download<T>(DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        T[] values = new T[buffer.Length];
        buffer.CopyTo(values);
        return values;
    }

    /// <summary>A sum that starts at this value.</summary>
    public DeviceSum Sum(double value)
    {
        DeviceSum sum = Own(device.AllocateSum());
        device.AddSum(Buffer([value]), sum);
        return sum;
    }

    /// <summary>Keeps an object until the run ends.</summary>
    public T Own<T>(T item)
        where T : IDisposable
    {
        owned.Add(item);
        return item;
    }

    /// <summary>A pattern prepared for the device, in as many blocks as it has cores unless told otherwise.</summary>
    public SparsePattern Pattern(CsrPattern csr, int? blocks = null)
    {
        int parts = blocks ?? device.Cores;
        SparsePattern pattern = device.Prepare(
            csr, RowPartition.EqualNonZeros(csr.RowPointers, parts), RowPartition.EqualNonZeros(csr.ColumnPointers(), parts));
        owned.Add(pattern);
        return pattern;
    }

    public static double[] Read(DeviceBuffer<float> buffer)
    {
        float[] values = new float[buffer.Length];
        buffer.CopyTo(values);
        return [.. values.Select(v => (double)v)];
    }

    /// <summary>The values that count, after a look at the rows around activations.</summary>
    public static double[] Read(in DeviceMatrix matrix)
    {
        double[] contents = Read(matrix.Buffer);
        double[] values = new double[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            Array.Copy(contents, matrix.Offset + (row * matrix.Stride), values, row * matrix.Columns, matrix.Columns);
        }

        Assert.DoesNotContain(contents[..matrix.Offset], v => v != Guard);
        Assert.DoesNotContain(contents[(matrix.Offset + (matrix.Rows * matrix.Stride))..], v => v != Guard);
        return values;
    }

    public void Dispose()
    {
        foreach (IDisposable item in owned)
        {
            item.Dispose();
        }
    }

    private static float[] ToFloat32(ReadOnlySpan<double> values)
    {
        float[] result = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            result[i] = (float)values[i];
        }

        return result;
    }
}
