using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>The global norm's part of one buffer.</content>
internal sealed partial class GpuDevice
{
    private readonly GpuScratch<FloatPair> partialSums;
    private FloatPair[] partialSumsOnHost = [];

    /// <inheritdoc/>
    public override double SumOfSquares(DeviceBuffer<float> values)
    {
        ArrayView<float> input = View(values, 0, nameof(values));
        if (values.Length == 0)
        {
            return 0;
        }

        int groups = Math.Min(DivideUp(values.Length, shapes.Threads), shapes.MaxGroups);
        ArrayView<FloatPair> parts = partialSums.AtLeast(groups);
        kernels.Launch(new Index3D(groups, 1, 1), new Index3D(shapes.Threads, 1, 1), new SumOfSquaresKernel(input, values.Length, parts));
        if (partialSumsOnHost.Length < groups)
        {
            partialSumsOnHost = new FloatPair[groups];
        }

        Span<FloatPair> received = partialSumsOnHost.AsSpan(0, groups);
        parts.CopyToCPU(Stream, received);
        Stream.Synchronize();
        double sum = 0;
        foreach (FloatPair part in received)
        {
            sum += (double)part.High + part.Low;
        }

        return sum;
    }
}

/// <summary>A number as the unevaluated sum of two floats: 48 bits of precision where float64 units are few or missing.</summary>
internal readonly struct FloatPair(float high, float low)
{
    private const uint UpperHalf = 0xFFFFF000;

    public readonly float High = high, Low = low;

    /// <summary>The sum to about 47 bits (Dekker, 1971: A floating-point technique for extending the available precision).</summary>
    public static FloatPair operator +(FloatPair a, FloatPair b)
    {
        float sum = a.High + b.High;
        float added = sum - a.High;
        float error = (a.High - (sum - added)) + (b.High - added) + (a.Low + b.Low);
        float high = sum + error;
        return new FloatPair(high, error - (high - sum));
    }

    /// <summary>The exact square of a float.</summary>
    public static FloatPair Square(float value)
    {
        // The halves of a significand have 12 bits each, so that no product and no sum below is rounded.
        float upper = Interop.IntAsFloat(Interop.FloatAsInt(value) & UpperHalf);
        float lower = value - upper;
        float square = value * value;
        return new FloatPair(square, ((upper * upper) - square) + (2 * upper * lower) + (lower * lower));
    }
}

/// <summary>Sums of squares, one for each group.</summary>
internal readonly struct SumOfSquaresKernel(ArrayView<float> values, int length, ArrayView<FloatPair> groupSums) : IKernel
{
    public void Invoke()
    {
        ArrayView<FloatPair> sums = SharedMemory.Allocate<FloatPair>(GroupShapes.MostThreads);
        FloatPair sum = default;
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            sum += FloatPair.Square(values[i]);
        }

        int thread = Group.IdxX;
        sums[thread] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half)
            {
                sums[thread] += sums[thread + half];
            }

            Group.Barrier();
        }

        if (thread == 0)
        {
            groupSums[Grid.IdxX] = sums[0];
        }
    }
}
