using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Gpu;
using SparseEngine.PtxMachine;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>
/// What ILGPU's optimizer gets wrong is seen by the machine: kernels that are right in C#, and on ILGPU's CPU accelerator, leave what a GPU would.
/// The device's own kernels are written around all of them.
/// </summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class MiscompilationTests
{
    [Fact]
    public void A_comparison_converted_to_a_float_is_the_integers_bits()
    {
        float[] x = [-1, 0, 2, float.NaN, 3];
        Assert.Equal([0, 0, 1, 0, 1], Derivatives(null, x, (from, to) => new FoldedDerivativeKernel(from, to)));
        Assert.Equal([0, 0, float.Epsilon, 0, float.Epsilon], Derivatives(new PtxExecutor(), x, (from, to) => new FoldedDerivativeKernel(from, to)));
        Assert.Equal([0, 0, 1, 0, 1], Derivatives(new PtxExecutor(), x, (from, to) => new DerivativeKernel(from, to)));
    }

    [Fact]
    public void A_load_that_only_the_next_round_needs_moves_behind_the_store()
    {
        int[] counts = [3, 1, 4, 1, 5];
        Assert.Equal([0, 3, 4, 8, 9], Scanned(null, counts, view => new MovedScanKernel(view, counts.Length)));

        // Each load sees the sum that was just stored: nothing but zeros is ever added.
        Assert.Equal([0, 0, 0, 0, 0], Scanned(new PtxExecutor(), counts, view => new MovedScanKernel(view, counts.Length)));
        Assert.Equal([0, 3, 4, 8, 9], Scanned(new PtxExecutor(), counts, view => new KeptScanKernel(view, counts.Length)));
    }

    [Fact]
    public void A_branch_on_a_constant_that_threads_choose_apart_is_called_uniform()
    {
        int[] places = [0x04030201, 0x03030201, 0x02020201, 0x01010101, 0x07070401];
        using GpuDevice device = PtxDevice.Create(new PtxExecutor());
        using GpuBuffer<int> from = new(device, places.Length);
        using GpuBuffer<int> to = new(device, places.Length * Places.Most);
        from.CopyFrom(places);
        KernelLauncher launcher = new(device, from.View.GetAccelerator(), new PtxExecutor());
        Index3D group = new(places.Length, 1, 1);

        PtxFaultException fault = Assert.Throws<PtxFaultException>(
            () => launcher.Launch(Index3D.One, group, new NestedChoiceKernel(from.View, to.View)));
        Assert.Contains("bra.uni", fault.Message, StringComparison.Ordinal);

        launcher.Launch(Index3D.One, group, new SummedChoiceKernel(from.View, to.View));
        int[] result = new int[to.Length];
        to.CopyTo(result);
        Assert.Equal([4, 3, 2, 1, 3], result.Chunk(Places.Most).Select(part => part.Sum()));
    }

    private static float[] Derivatives<TKernel>(PtxExecutor? executor, float[] x, Func<ArrayView<float>, ArrayView<float>, TKernel> kernel)
        where TKernel : struct, IKernel
    {
        using GpuDevice device = PtxDevice.Create(new PtxExecutor());
        using GpuBuffer<float> from = new(device, x.Length);
        using GpuBuffer<float> to = new(device, x.Length);
        from.CopyFrom(x);
        Launch(device, executor, x.Length, kernel(from.View, to.View), from.View.GetAccelerator());
        float[] result = new float[x.Length];
        to.CopyTo(result);
        return result;
    }

    private static int[] Scanned<TKernel>(PtxExecutor? executor, int[] counts, Func<ArrayView<int>, TKernel> kernel)
        where TKernel : struct, IKernel
    {
        using GpuDevice device = PtxDevice.Create(new PtxExecutor());
        using GpuBuffer<int> buffer = new(device, counts.Length);
        buffer.CopyFrom(counts);
        Launch(device, executor, 1, kernel(buffer.View), buffer.View.GetAccelerator());
        int[] result = new int[counts.Length];
        buffer.CopyTo(result);
        return result;
    }

    /// <summary>Groups of one thread: as PTX, or without an executor as IL on ILGPU's CPU accelerator.</summary>
    private static void Launch<TKernel>(GpuDevice device, PtxExecutor? executor, int groups, TKernel kernel, Accelerator accelerator)
        where TKernel : struct, IKernel
    {
        new KernelLauncher(device, accelerator, executor).Launch(new Index3D(groups, 1, 1), new Index3D(1, 1, 1), kernel);
        device.Synchronize();
    }

    /// <summary>to = 1 where from is positive, else 0, as whole numbers that become floats.</summary>
    internal readonly struct FoldedDerivativeKernel(ArrayView<float> from, ArrayView<float> to) : IKernel
    {
        public void Invoke() => to[Work.First] = from[Work.First] > 0 ? 1 : 0;
    }

    /// <summary>The same in floats.</summary>
    internal readonly struct DerivativeKernel(ArrayView<float> from, ArrayView<float> to) : IKernel
    {
        public void Invoke() => to[Work.First] = from[Work.First] > 0 ? 1f : 0f;
    }

    /// <summary>An exclusive scan in place.</summary>
    internal readonly struct MovedScanKernel(ArrayView<int> counts, int length) : IKernel
    {
        public void Invoke()
        {
            int running = 0;
            for (int i = 0; i < length; i++)
            {
                int count = counts[i];
                counts[i] = running;
                running += count;
            }
        }
    }

    /// <summary>The same with a store that needs the load.</summary>
    internal readonly struct KeptScanKernel(ArrayView<int> counts, int length) : IKernel
    {
        public void Invoke()
        {
            int running = 0;
            for (int i = 0; i < length; i++)
            {
                int count = counts[i];
                running += count;
                counts[i] = running - count;
            }
        }
    }

    /// <summary>Writes a one for each of four bytes that ascend, their number chosen by nested conditions.</summary>
    internal readonly struct NestedChoiceKernel(ArrayView<int> from, ArrayView<int> to) : IKernel
    {
        public void Invoke()
        {
            uint places = (uint)from[Work.First];
            Places.Write(
                to,
                Places.At(places, 3) > Places.At(places, 2) ? 4
                : Places.At(places, 2) > Places.At(places, 1) ? 3
                : Places.At(places, 1) > Places.At(places, 0) ? 2 : 1);
        }
    }

    /// <summary>The same with their number as a sum.</summary>
    internal readonly struct SummedChoiceKernel(ArrayView<int> from, ArrayView<int> to) : IKernel
    {
        public void Invoke()
        {
            uint places = (uint)from[Work.First];
            Places.Write(
                to,
                1 + (Places.At(places, 1) > Places.At(places, 0) ? 1 : 0)
                + (Places.At(places, 2) > Places.At(places, 1) ? 1 : 0)
                + (Places.At(places, 3) > Places.At(places, 2) ? 1 : 0));
        }
    }

    private static class Places
    {
        public const int Most = 4;

        public static uint At(uint places, int index) => (places >> (8 * index)) & 0xFF;

        public static void Write(ArrayView<int> to, int count)
        {
            int first = Work.First * Most;
            to[first] = 1;
            if (count > 1)
            {
                to[first + 1] = 1;
            }

            if (count > 2)
            {
                to[first + 2] = 1;
            }

            if (count > 3)
            {
                to[first + 3] = 1;
            }
        }
    }
}
