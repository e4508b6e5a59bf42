namespace SparseEngine.Kernels.Sparse;

/// <summary>The bits of a float32.</summary>
internal static class FloatBits
{
    /// <summary>The sign.</summary>
    public const uint Sign = 0x8000_0000;

    /// <summary>All but the sign.</summary>
    public const uint Magnitude = 0x7FFF_FFFF;

    /// <summary>The exponent, all of which is set in what is not finite: by itself, infinity.</summary>
    public const uint Exponent = 0x7F80_0000;

    /// <summary>The largest finite number.</summary>
    public const uint LargestFinite = 0x7F7F_FFFF;
}
