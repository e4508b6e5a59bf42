using System.Diagnostics;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.GpuBenchmarks;

/// <summary>The host's part of a launch.</summary>
internal static class Launches
{
    private const int Count = 2000;

    public static void Time(Timing timing, IlgpuDevice device)
    {
        DeviceMatrix y = device.AllocateActivations(1, 16);
        using DeviceBuffer<float> bias = device.Allocate<float>(1);
        double[] times = new double[5];
        for (int round = 0; round < times.Length; round++)
        {
            device.Wait();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Count; i++)
            {
                device.AddBias(y, bias);
            }

            times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / Count;
        }

        Array.Sort(times);
        timing.Print("launch", "1x16", 0, 0, 0, times[times.Length / 2]);
        y.Buffer.Dispose();
    }
}
