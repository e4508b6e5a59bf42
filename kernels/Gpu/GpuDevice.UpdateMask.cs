using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Masks that move: what stays is put above all scores, and the highest are kept.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void UpdateMaskCore(
        in MaskUpdate update, CsrPattern? pattern, int rows, int columns, DeviceBuffer<float> values, DeviceBuffer<float> scores,
        DeviceBuffer<byte> keep)
    {
        int length = rows * columns;
        int alive = pattern?.NonZeros ?? length;
        ArrayView<float> weights = View(values).SubView(0, alive);
        ArrayView<float> ranked = View(scores).SubView(0, length);
        ArrayView<byte> flags = View(keep).SubView(0, length);
        if (length == 0)
        {
            return;
        }

        if (update.Groups.Count > 1)
        {
            UpdateInGroups(update, pattern, rows, columns, weights, ranked, flags);
            return;
        }

        // The flags of those that stay lie at the places of their values, which are no more than there are elements.
        if (alive > 0)
        {
            KeepHighest(RankedView.ByMagnitude(weights), alive, update.Staying(alive), flags);
        }

        Score(update, Own(scores), length);
        if (pattern is null)
        {
            LaunchLinear(length, new RaiseAllKernel(flags, length, ranked));
        }
        else
        {
            using UploadedPlaces places = new(this, pattern);
            LaunchLinear(alive, new RaiseKernel(flags, places.View, alive, ranked));
        }

        KeepHighest(RankedView.ByValue(ranked), length, update.Kept, flags);
    }

    /// <summary>What elements are worth that do not stay: finite numbers.</summary>
    private void Score(in MaskUpdate update, GpuBuffer<float> scores, int length)
    {
        switch (update.Growth)
        {
            case MaskGrowth.Lowest:
                Zero(scores, length);
                break;
            case MaskGrowth.Random:
                int ranges = RangesFor(length);
                LaunchLinear(ranges, new DrawKernel(length, ranges, new GpuPcg64(update.Generator), scores.View));
                break;
            default:
                LaunchLinear(length, new FiniteMagnitudeKernel(length, scores.View));
                break;
        }
    }
}

/// <summary>score = its magnitude; what is not finite becomes the largest finite number.</summary>
internal readonly struct FiniteMagnitudeKernel(int length, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            uint magnitude = Interop.FloatAsInt(scores[i]) & FloatBits.Magnitude;
            scores[i] = Interop.IntAsFloat(magnitude > FloatBits.LargestFinite ? FloatBits.LargestFinite : magnitude);
        }
    }
}

/// <summary>score = infinity for an element that stays.</summary>
internal readonly struct RaiseAllKernel(ArrayView<byte> staying, int length, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            if (staying[i] != 0)
            {
                scores[i] = Interop.IntAsFloat(FloatBits.Exponent);
            }
        }
    }
}

/// <summary>The same with flags for non-zeros, whose places are given.</summary>
internal readonly struct RaiseKernel(ArrayView<byte> staying, ArrayView<int> places, int count, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int p = Work.First; p < count; p += Work.Stride)
        {
            if (staying[p] != 0)
            {
                scores[places[p]] = Interop.IntAsFloat(FloatBits.Exponent);
            }
        }
    }
}
