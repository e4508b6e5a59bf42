using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>What every operation must hold to on every device.</summary>
internal static class ConformanceCheck
{
    // Below this, float32 numbers lose precision or vanish, which no relative bound describes.
    private const double Underflow = 1e-37;

    /// <summary>
    /// Runs an operation on each member of a family and checks that its results lie within the reference's bounds, and
    /// that all members give the same bits, on a second call too and after a call that saw nothing but NaN.
    /// </summary>
    /// <param name="family">The devices.</param>
    /// <param name="what">The case, for the message of a failure.</param>
    /// <param name="expected">The reference of each result.</param>
    /// <param name="run">Uploads inputs, calls the operation, and reads the results.</param>
    public static void Run(DeviceFamily family, string what, Bounded[][] expected, Func<Workspace, double[][]> run)
    {
        double[][]? first = null;
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            Results(device, poisoned: true, run);
            for (int call = 0; call < 2; call++)
            {
                double[][] results = Results(device, poisoned: false, run);
                if (first is null)
                {
                    AssertWithinBounds(what, expected, results);
                    first = results;
                }

                AssertSameBits($"{what} on {device.Description}, call {call}", first, results);
            }
        }
    }

    private static double[][] Results(ComputeDevice device, bool poisoned, Func<Workspace, double[][]> run)
    {
        using Workspace workspace = new(device, poisoned);
        return run(workspace);
    }

    private static void AssertWithinBounds(string what, Bounded[][] expected, double[][] results)
    {
        Assert.Equal(expected.Length, results.Length);
        for (int r = 0; r < results.Length; r++)
        {
            Assert.Equal(expected[r].Length, results[r].Length);
            for (int i = 0; i < results[r].Length; i++)
            {
                Bounded reference = expected[r][i];
                double error = Math.Abs(results[r][i] - reference.Value);
                if (!(error <= reference.Error + Underflow))
                {
                    Assert.Fail($"{what}: result {r}, element {i} is {results[r][i]:R}, not {reference.Value:R}; "
                        + $"off by {error:G3}, allowed {reference.Error:G3}");
                }
            }
        }
    }

    private static void AssertSameBits(string what, double[][] expected, double[][] results)
    {
        for (int r = 0; r < results.Length; r++)
        {
            for (int i = 0; i < results[r].Length; i++)
            {
                if (BitConverter.DoubleToInt64Bits(results[r][i]) != BitConverter.DoubleToInt64Bits(expected[r][i]))
                {
                    Assert.Fail($"{what}: result {r}, element {i} is {results[r][i]:R}, and {expected[r][i]:R} before");
                }
            }
        }
    }
}
