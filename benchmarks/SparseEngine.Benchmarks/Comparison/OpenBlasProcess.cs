using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>OpenBLAS in a process of its own, so that what its threads do after a product does not change what is timed next.</summary>
internal sealed class OpenBlasProcess : IDisposable
{
    /// <summary>The argument that makes this program the other end.</summary>
    public const string Argument = "openblas-server";

    // Its threads spin for up to 2^28 ticks after a product, on the cores that the next one needs.
    private static readonly TimeSpan Spinning = TimeSpan.FromMilliseconds(150);

    private readonly Process process;

    public OpenBlasProcess(int threads)
    {
        process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Argument, threads.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Description = process.StandardOutput.ReadLine()!;
    }

    /// <summary>Version, kernels and threads.</summary>
    public string Description { get; }

    /// <summary>Seconds of a dense product of the shape of a layer's.</summary>
    public double Seconds(SparseProduct product, int rows, int columns, int tokens)
    {
        process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{product} {rows} {columns} {tokens}"));
        double seconds = double.Parse(process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        Thread.Sleep(Spinning);
        return seconds;
    }

    /// <summary>The other end: a time for each line.</summary>
    public static unsafe void Serve(int threads)
    {
        OpenBlas.SetThreads(threads);
        Console.WriteLine($"{OpenBlas.Description}, {threads} threads");
        float* memory = null;
        long length = 0;
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            SparseProduct product = Enum.Parse<SparseProduct>(words[0]);
            int[] n = [.. words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
            (int rows, int columns, int tokens) = (n[0], n[1], n[2]);
            long needed = ((long)rows * columns) + ((long)(rows + columns) * tokens);
            if (needed > length)
            {
                NativeMemory.AlignedFree(memory);
                memory = (float*)NativeMemory.AlignedAlloc((nuint)needed * sizeof(float), 64);
                length = needed;
                new Span<float>(memory, checked((int)length)).Fill(0.25f);
            }

            float* w = memory;
            float* x = w + ((long)rows * columns);
            float* y = x + ((long)columns * tokens);
            Action multiply = product switch
            {
                SparseProduct.Spmm => () => OpenBlas.Multiply(false, false, rows, tokens, columns, w, columns, x, tokens, y, tokens),
                SparseProduct.SpmmTransposed => () => OpenBlas.Multiply(true, false, columns, tokens, rows, w, columns, y, tokens, x, tokens),
                _ => () => OpenBlas.Multiply(false, true, rows, columns, tokens, y, tokens, x, tokens, w, columns),
            };
            Console.WriteLine(Rounds.Sample(multiply).ToString("R", CultureInfo.InvariantCulture));
        }
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
