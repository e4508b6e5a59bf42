using System.Numerics;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Attention with linear biases (Press et al., 2022): in each head scores fall with the distance by another slope.</summary>
internal static class AlibiSlopes
{
    /// <summary>The slopes of all heads [heads], divided by <paramref name="scalingFactor"/>.</summary>
    public static DeviceBuffer<float> Create(ActivationStore store, int heads, double scalingFactor)
    {
        DeviceBuffer<float> slopes = store.Vector(heads);
        slopes.CopyFrom([.. Enumerable.Range(0, heads).Select(head => (float)(Slope(head, heads) / scalingFactor))]);
        return slopes;
    }

    /// <summary>
    /// The paper's slope: of n = 2^k heads the h-th has 2^(-8 (h + 1) / n); of another number the first 2^k are these, and those left take every
    /// second one of twice as many.
    /// </summary>
    internal static double Slope(int head, int heads)
    {
        int whole = (int)BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;
        return head < whole ? PowerOfTwo(head, whole) : PowerOfTwo(2 * (head - whole), 2 * whole);
    }

    private static double PowerOfTwo(int head, int heads) => Math.Pow(2, -8.0 * (head + 1) / heads);
}
