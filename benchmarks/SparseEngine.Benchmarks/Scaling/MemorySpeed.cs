using System.Numerics;
using System.Runtime.InteropServices;
using SparseEngine.Benchmarks.Comparison;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>How fast one core adds and copies gradients.</summary>
internal static class MemorySpeed
{
    private const int Summands = 4;

    /// <summary>Measures buckets that come from memory, as they do when a step has gone through the caches since.</summary>
    /// <returns>Bytes of summands added up in a second, and bytes copied in a second.</returns>
    public static (double Added, double Copied) Measure()
    {
        float[][] buckets = [.. Enumerable.Range(0, 32).Select(_ => new float[GradientStream.BucketBytes / sizeof(float)])];
        float[] sum = new float[buckets[0].Length / Summands];
        double[] seconds = Rounds.Medians(
            () => Array.ForEach(buckets, bucket => Add(bucket, sum)),
            () =>
            {
                for (int i = 1; i < buckets.Length; i += 2)
                {
                    buckets[i - 1].CopyTo(buckets[i], 0);
                }
            });
        double bytes = buckets.Length * GradientStream.BucketBytes;
        return (bytes / seconds[0], bytes / 2 / seconds[1]);
    }

    private static void Add(float[] bucket, float[] sum)
    {
        bucket.AsSpan(0, sum.Length).CopyTo(sum);
        Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(sum.AsSpan());
        for (int first = sum.Length; first < bucket.Length; first += sum.Length)
        {
            Span<Vector<float>> summands = MemoryMarshal.Cast<float, Vector<float>>(bucket.AsSpan(first, sum.Length));
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] += summands[i];
            }
        }
    }
}
