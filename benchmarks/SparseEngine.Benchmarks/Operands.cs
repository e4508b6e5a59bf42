using SparseEngine.Kernels.Devices;

namespace SparseEngine.Benchmarks;

/// <summary>Fills operands with numbers in [-0.5, 0.5).</summary>
internal static class Operands
{
    public static DeviceBuffer<float> Random(DeviceBuffer<float> buffer, Random random)
    {
        float[] values = new float[buffer.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        buffer.CopyFrom(values);
        return buffer;
    }

    public static DeviceMatrix Random(DeviceMatrix matrix, Random random)
    {
        Random(matrix.Buffer, random);
        return matrix;
    }
}
