using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow;

/// <summary>
/// What a device executes under the schedule, seen from its results: a product with the identity shows how often each non-zero fired, and one with
/// infinity on the diagonal whether a zero did (0 times infinity is not a number).
/// </summary>
public class DeviceFiringTests
{
    public static TheoryData<int, int> Cases => [.. from seed in Enumerable.Range(0, 6) from threads in (int[])[1, 2, 3, 8] select (seed, threads)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_host_fires_each_non_zero_once_and_no_zero_in_either_direction(int seed, int threads)
    {
        Random random = new(seed);
        int rows = random.Next(1, 90);
        int columns = random.Next(1, 90);
        bool[] keep = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() < 0.3)];
        float[] dense = [.. keep.Select(kept => kept ? random.Next(1, 1000) : 0f)];
        using HostDevice device = HostDevice.Create(threads);
        using SparsePattern pattern = new DataflowScheduler(device).Schedule(CsrPattern.FromMask(rows, columns, keep));
        float[] values = new float[pattern.Csr.NonZeros];
        pattern.Csr.Gather(dense, values);
        using DeviceBuffer<float> buffer = device.Allocate<float>(Math.Max(1, values.Length));
        buffer.CopyFrom([.. values, .. new float[buffer.Length - values.Length]]);
        CsrMatrix weight = new(pattern, buffer);

        foreach (float diagonal in (float[])[1, float.PositiveInfinity])
        {
            float[] expected = [.. dense.Select(value => value == 0 ? 0 : value * diagonal)];
            Assert.Equal(expected, Product(device, diagonal, columns, rows, (x, y) => device.Spmm(weight, x, y, bias: null)));
            Assert.Equal(
                Transpose(expected, rows, columns),
                Product(device, diagonal, rows, columns, (dy, dx) => device.SpmmTransposed(weight, dy, dx, accumulate: false)));
        }
    }

    // The product with a diagonal matrix, [outputs, inputs].
    private static float[] Product(HostDevice device, float diagonal, int inputs, int outputs, Action<DeviceMatrix, DeviceMatrix> multiply)
    {
        DeviceMatrix x = device.AllocateActivations(inputs, inputs);
        DeviceMatrix y = device.AllocateActivations(outputs, inputs);
        using DeviceBuffer<float> inputBuffer = x.Buffer;
        using DeviceBuffer<float> outputBuffer = y.Buffer;
        float[] input = new float[inputBuffer.Length];
        for (int i = 0; i < inputs; i++)
        {
            input[(i * x.Stride) + i] = diagonal;
        }

        inputBuffer.CopyFrom(input);
        multiply(x, y);
        float[] padded = new float[outputBuffer.Length];
        outputBuffer.CopyTo(padded);
        return [.. Enumerable.Range(0, outputs).SelectMany(row => padded.AsSpan(row * y.Stride, inputs).ToArray())];
    }

    private static float[] Transpose(float[] dense, int rows, int columns) =>
        [.. from column in Enumerable.Range(0, columns) from row in Enumerable.Range(0, rows) select dense[(row * columns) + column]];
}
