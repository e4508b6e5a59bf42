using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Masks: random scores and magnitudes, of which the highest stay.</content>
internal sealed partial class GpuDevice
{
    private MemoryBuffer1D<float, Stride1D.Dense>? maskScores;

    /// <inheritdoc/>
    private protected override void SelectMaskCore(
        in MaskArguments arguments, int rows, int columns, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        int length = rows * columns;
        ArrayView<float> elements = View(weight).SubView(0, length);
        ArrayView<byte> flags = View(keep).SubView(0, length);
        if (length == 0)
        {
            return;
        }

        if (arguments.Groups.Count > 1)
        {
            SelectInGroups(arguments, rows, columns, elements, flags);
            return;
        }

        int ranges = RangesFor(length);
        ArrayView<float> scores = Reserve(ref maskScores, length);
        GpuPcg64 generator = new(arguments.Generator);
        if (arguments.Score == MaskScore.Random)
        {
            LaunchLinear(ranges, new DrawKernel(length, ranges, generator, scores));
            LaunchLinear(length, new NegateNonFiniteKernel(elements, length, scores));
        }
        else
        {
            ArrayView<int> nonFinite = Number(new NonFinite(elements), length);
            LaunchLinear(ranges, new MagnitudeScoresKernel(elements, length, ranges, nonFinite, generator, scores));
        }

        KeepHighest(RankedView.ByValue(scores), length, arguments.Kept, flags);
    }
}

/// <summary>score = the element's draw.</summary>
internal readonly struct DrawKernel(int length, int ranges, GpuPcg64 seeded, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int end = Ranges.First(range + 1, ranges, length);
            GpuPcg64 generator = seeded;
            generator.JumpTo(Ranges.First(range, ranges, length));
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                scores[i] = generator.Next();
            }
        }
    }
}

/// <summary>Puts elements that are not finite below all others.</summary>
internal readonly struct NegateNonFiniteKernel(ArrayView<float> weight, int length, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            if (!GpuMath.IsFinite(weight[i]))
            {
                scores[i] = -scores[i];
            }
        }
    }
}

/// <summary>score = the element's magnitude, or minus a draw of its own where the element is not finite.</summary>
internal readonly struct MagnitudeScoresKernel(
    ArrayView<float> weight, int length, int ranges, ArrayView<int> nonFiniteBefore, GpuPcg64 seeded, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int end = Ranges.First(range + 1, ranges, length);
            GpuPcg64 generator = seeded;
            generator.JumpTo(nonFiniteBefore[range]);
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                float element = weight[i];
                scores[i] = GpuMath.IsFinite(element) ? GpuMath.Magnitude(element) : -generator.Next();
            }
        }
    }
}

/// <summary>Whether an element is NaN or infinite.</summary>
internal readonly struct NonFinite(ArrayView<float> weight) : IFlag
{
    public bool At(int index) => !GpuMath.IsFinite(weight[index]);
}
