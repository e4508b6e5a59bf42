using SparseEngine.Benchmarks;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.GpuBenchmarks;

/// <summary>The three sparse products of a layer, with random zeros.</summary>
internal static class Products
{
    public static void Time(Timing timing, IlgpuDevice device, int rows, int columns, int tokens, int zeros)
    {
        Random random = new(1);
        CsrPattern csr = RandomMask.Create(rows, columns, zeros, timing.BlockRows, random);
        using SparsePattern pattern = new DataflowScheduler(device).Schedule(csr);
        using DeviceBuffer<float> values = Operands.Random(device.Allocate<float>(pattern.Csr.NonZeros), random);
        using DeviceBuffer<float> gradient = device.Allocate<float>(pattern.Csr.NonZeros);
        CsrMatrix weight = new(pattern, values);
        DeviceMatrix x = Operands.Random(device.AllocateActivations(columns, tokens), random);
        DeviceMatrix y = Operands.Random(device.AllocateActivations(rows, tokens), random);
        string size = $"{rows}x{columns}";
        double flops = 2.0 * pattern.Csr.NonZeros * tokens;
        timing.Print("spmm", size, tokens, zeros, flops, timing.Median(() => device.Spmm(weight, x, y, null)));
        timing.Print("spmm_transposed", size, tokens, zeros, flops, timing.Median(() => device.SpmmTransposed(weight, y, x, accumulate: false)));
        timing.Print("sddmm", size, tokens, zeros, flops, timing.Median(() => device.Sddmm(pattern, y, x, gradient, accumulate: false)));
        x.Buffer.Dispose();
        y.Buffer.Dispose();
    }

    /// <summary>The three dense products of a layer of that size.</summary>
    public static void TimeDense(Timing timing, IlgpuDevice device, int rows, int columns, int tokens)
    {
        Random random = new(1);
        using DeviceBuffer<float> values = Operands.Random(device.Allocate<float>(checked(rows * columns)), random);
        DeviceMatrix weight = DeviceMatrix.Dense(values, rows, columns);
        DeviceMatrix x = Operands.Random(device.AllocateActivations(columns, tokens), random);
        DeviceMatrix y = Operands.Random(device.AllocateActivations(rows, tokens), random);
        string size = $"{rows}x{columns}";
        double flops = 2.0 * rows * columns * tokens;
        timing.Print("gemm", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.Normal, weight, x, y, accumulate: false)));
        timing.Print(
            "gemm_transposed", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.TransposedA, weight, y, x, accumulate: false)));
        timing.Print(
            "gemm_gradient", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.TransposedB, y, x, weight, accumulate: false)));
        x.Buffer.Dispose();
        y.Buffer.Dispose();
    }
}
