using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sums of a step: its loss, the squares of its gradients.</content>
internal sealed partial class GpuDevice
{
    // Elements that a thread adds up at least, where there are enough.
    private const int ShortSum = 16;

    private MemoryBuffer1D<FloatPair, Stride1D.Dense>? partialSums;

    /// <inheritdoc/>
    public override DeviceSum AllocateSum() => new GpuSum(this);

    /// <inheritdoc/>
    private protected override void AddSumCore(DeviceBuffer<float> values, DeviceSum sum) => AddTerms<Identity>(values, sum);

    /// <inheritdoc/>
    private protected override void AddSumOfSquaresCore(DeviceBuffer<float> values, DeviceSum sum) => AddTerms<Square>(values, sum);

    private void AddTerms<TTerm>(DeviceBuffer<float> values, DeviceSum sum)
        where TTerm : struct, ITerm
    {
        ArrayView<float> input = View(values);
        ArrayView<FloatPair> total = Own(sum);
        if (values.Length > 0)
        {
            // A step adds up many vectors of biases and the like: one group has done with them before a second launch would begin.
            int groups = Math.Min(DivideUp(values.Length, ShortSum * shapes.Threads), shapes.MaxGroups);
            ArrayView<FloatPair> parts = Reserve(ref partialSums, shapes.MaxGroups);
            LaunchGroups(groups, new PartialSumsKernel<TTerm>(input, values.Length, parts, total));
            if (groups > 1)
            {
                LaunchGroups(1, new AddPartsKernel(parts, groups, total));
            }
        }
    }

    private ArrayView<FloatPair> Own(DeviceSum sum, [CallerArgumentExpression(nameof(sum))] string name = "") =>
        sum is GpuSum own && own.Device == this ? own.View : throw new ArgumentException("the sum is not of this device", name);
}

/// <summary>A sum in an accelerator's memory.</summary>
internal sealed class GpuSum(GpuDevice device) : DeviceSum
{
    private readonly GpuBuffer<FloatPair> pair = new(device, 1);
    private readonly FloatPair[] onHost = new FloatPair[1];

    public GpuDevice Device => device;

    public ArrayView<FloatPair> View => pair.View;

    public override void Clear() => pair.Clear();

    public override void Set(double value)
    {
        onHost[0] = FloatPair.Of(value);
        pair.CopyFrom(onHost);
    }

    public override double Read()
    {
        pair.CopyTo(onHost);
        return (double)onHost[0].High + onHost[0].Low;
    }

    protected override void Dispose(bool disposing) => pair.Dispose();
}

/// <summary>What is added up of each element.</summary>
internal interface ITerm
{
    FloatPair Of(float value);
}

/// <summary>The element itself.</summary>
internal readonly struct Identity : ITerm
{
    public FloatPair Of(float value) => new(value, 0);
}

/// <summary>Its square.</summary>
internal readonly struct Square : ITerm
{
    public FloatPair Of(float value) => FloatPair.Square(value);
}

/// <summary>Sums over the threads of a one-dimensional group as pairs of floats, in a fixed order.</summary>
internal static class GroupPairSum
{
    /// <summary>Adds up the threads' values. All threads of the group call it; the first receives the sum.</summary>
    public static FloatPair Of(FloatPair value)
    {
        ArrayView<FloatPair> sums = SharedMemory.Allocate<FloatPair>(GroupShapes.MostThreads);
        int thread = Group.IdxX;
        sums[thread] = value;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half)
            {
                sums[thread] += sums[thread + half];
            }

            Group.Barrier();
        }

        return sums[0];
    }
}

/// <summary>Sums of terms, one for each group; a group alone adds its own to the total.</summary>
internal readonly struct PartialSumsKernel<TTerm>(
    ArrayView<float> values, int length, ArrayView<FloatPair> groupSums, ArrayView<FloatPair> total) : IKernel
    where TTerm : struct, ITerm
{
    public void Invoke()
    {
        TTerm term = default;
        FloatPair sum = default;
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            sum += term.Of(values[i]);
        }

        sum = GroupPairSum.Of(sum);
        if (Group.IdxX == 0)
        {
            if (Grid.DimX == 1)
            {
                total[0] += sum;
            }
            else
            {
                groupSums[Grid.IdxX] = sum;
            }
        }
    }
}

/// <summary>total += the groups' sums; one group.</summary>
internal readonly struct AddPartsKernel(ArrayView<FloatPair> parts, int count, ArrayView<FloatPair> total) : IKernel
{
    public void Invoke()
    {
        FloatPair sum = default;
        for (int i = Group.IdxX; i < count; i += Group.DimX)
        {
            sum += parts[i];
        }

        sum = GroupPairSum.Of(sum);
        if (Group.IdxX == 0)
        {
            total[0] += sum;
        }
    }
}
