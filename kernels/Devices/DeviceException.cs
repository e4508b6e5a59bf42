namespace SparseEngine.Kernels.Devices;

/// <summary>A device is missing, or failed while it was working: one line.</summary>
public class DeviceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which device, and what is wrong with it.</param>
    /// <param name="cause">What the driver threw.</param>
    public DeviceException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
