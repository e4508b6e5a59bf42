using static System.FormattableString;

namespace SparseEngine.Kernels.Devices;

/// <summary>A device has too little memory left for an allocation.</summary>
public sealed class DeviceMemoryException : DeviceException
{
    private const double Mebibyte = 1 << 20;

    /// <summary>Creates the exception with a message that names the sizes.</summary>
    /// <param name="device">The device's description.</param>
    /// <param name="requested">Bytes that were asked for.</param>
    /// <param name="available">Bytes that are free; null where the device does not tell.</param>
    /// <param name="total">Bytes of the device's memory.</param>
    /// <param name="cause">What the driver threw.</param>
    public DeviceMemoryException(string device, long requested, long? available, long total, Exception cause)
        : base(
            $"{device}: {Format(requested)} more do not fit into its memory of {Format(total)}"
            + $"{(available is { } free ? $", of which {Format(free)} are free" : "")}; a smaller batch_size needs less",
            cause)
    {
        Requested = requested;
        Available = available;
    }

    /// <summary>Bytes that were asked for.</summary>
    public long Requested { get; }

    /// <summary>Bytes that were free; null where the device does not tell.</summary>
    public long? Available { get; }

    private static string Format(long bytes) => Invariant($"{bytes / Mebibyte:N1} MiB");
}
