using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>The vector widths of <see cref="HostDevice"/>, in floats.</summary>
public enum SimdWidth
{
    /// <summary>128 bits: SSE4.1, AdvSimd.</summary>
    Vector128 = 4,

    /// <summary>256 bits: AVX2 with FMA.</summary>
    Vector256 = 8,

    /// <summary>512 bits: AVX-512.</summary>
    Vector512 = 16,
}

/// <summary>The CPU: SIMD kernels on a fixed set of threads.</summary>
public abstract class HostDevice : ComputeDevice
{
    private protected HostDevice()
    {
    }

    /// <summary>The widest vectors that this processor runs in hardware.</summary>
    public static SimdWidth BestWidth =>
        Vector512.IsHardwareAccelerated ? SimdWidth.Vector512
        : Vector256.IsHardwareAccelerated ? SimdWidth.Vector256
        : SimdWidth.Vector128;

    /// <summary>The threads.</summary>
    internal abstract WorkerPool Pool { get; }

    /// <summary>Enough for the sparse kernels' tiles; activations of more leave the caches (docs/performance.md).</summary>
    public override int PassTokens => 512;

    /// <summary>Opens the CPU.</summary>
    /// <param name="threads">Threads to compute with, the calling one included.</param>
    /// <param name="width">The vector width; null for <see cref="BestWidth"/>. A wider one works too, in software.</param>
    /// <param name="method">How the products of sparse weights are computed.</param>
    public static HostDevice Create(int threads, SimdWidth? width = null, ProductMethod method = ProductMethod.Fastest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return (width ?? BestWidth) switch
        {
            SimdWidth.Vector512 => new HostDevice<Simd512, Vector512<float>>(threads, method),
            SimdWidth.Vector256 => new HostDevice<Simd256, Vector256<float>>(threads, method),
            SimdWidth.Vector128 => new HostDevice<Simd128, Vector128<float>>(threads, method),
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "valid: Vector128, Vector256, Vector512"),
        };
    }
}
