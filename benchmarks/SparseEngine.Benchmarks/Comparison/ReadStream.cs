using System.Numerics;
using System.Runtime.InteropServices;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Numbers that all cores read once, and do no more with than adding them up: what reads as many bytes is not done sooner.</summary>
/// <param name="bytes">The bytes.</param>
/// <param name="cores">The cores.</param>
internal sealed class ReadStream(long bytes, int cores)
{
    // Written once: pages that nobody has written to are all one page of zeros, which lies in the caches.
    private readonly float[][] parts =
        [.. Enumerable.Range(0, cores).Select(_ => Enumerable.Repeat(1f, (int)(bytes / sizeof(float) / cores)).ToArray())];

    private readonly float[] sums = new float[cores];

    /// <summary>Reads all of them, each core its part.</summary>
    public void Read() => Parallel.For(0, parts.Length, core => sums[core] = Sum(parts[core]));

    private static float Sum(float[] part)
    {
        ReadOnlySpan<Vector<float>> numbers = MemoryMarshal.Cast<float, Vector<float>>(part);
        Vector<float> first = default, second = default, third = default, fourth = default;
        for (; numbers.Length >= 4; numbers = numbers[4..])
        {
            first += numbers[0];
            second += numbers[1];
            third += numbers[2];
            fourth += numbers[3];
        }

        return Vector.Sum(first + second + third + fourth);
    }
}
