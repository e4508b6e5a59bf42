using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Sums of a step: its loss, the squares of its gradients.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Elementwise work on flat buffers goes in chunks of this many elements, so that no result depends on the number of workers.
    private const int Chunk = 1 << 14;

    // Each chunk's sum has a cache line of its own.
    private const int LineDoubles = 8;

    private HostBuffer<double>? partialSums;

    /// <inheritdoc/>
    public override DeviceSum AllocateSum() => new HostSum();

    /// <inheritdoc/>
    private protected override void AddSumCore(DeviceBuffer<float> values, DeviceSum sum)
    {
        HostSum total = Own(sum);
        ReadOnlySpan<float> input = new(Pointer(values), values.Length);
        double added = 0;
        foreach (float value in input)
        {
            added += value;
        }

        total.Value += added;
    }

    /// <inheritdoc/>
    private protected override void AddSumOfSquaresCore(DeviceBuffer<float> values, DeviceSum sum)
    {
        HostSum total = Own(sum);
        float* input = Pointer(values);
        int chunks = (values.Length + Chunk - 1) / Chunk;
        HostBuffer<double> sums = Reserve(ref partialSums, chunks * LineDoubles);
        pool.Run(chunks, new SumOfSquaresBody(input, values.Length, sums.Pointer), Streams(1, values.Length, matrices: 1));
        double added = 0;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            added += sums.Pointer[chunk * LineDoubles];
        }

        total.Value += added;
    }

    private static HostSum Own(DeviceSum sum, [CallerArgumentExpression(nameof(sum))] string name = "") =>
        sum as HostSum ?? throw new ArgumentException("the sum is not of this device", name);

    private readonly struct SumOfSquaresBody(float* values, int length, double* sums) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* at = values + ((nint)index * Chunk);
            int count = Math.Min(Chunk, length - (index * Chunk));
            Vector256<double> even = Vector256<double>.Zero;
            Vector256<double> odd = Vector256<double>.Zero;
            int i = 0;
            for (; i + 8 <= count; i += 8)
            {
                (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Load(at + i));
                even += lower * lower;
                odd += upper * upper;
            }

            double sum = Vector256.Sum(even + odd);
            for (; i < count; i++)
            {
                sum += (double)at[i] * at[i];
            }

            sums[index * LineDoubles] = sum;
        }
    }
}
