namespace SparseEngine.Kernels.Devices;

/// <content>Memory.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    public abstract DeviceBuffer<T> Allocate<T>(int length)
        where T : unmanaged;

    /// <summary>Allocates a matrix of zeros for activations: rows aligned to 64 bytes.</summary>
    public DeviceMatrix AllocateActivations(int features, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(features);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        int stride = ActivationStride(tokens);
        return new DeviceMatrix(Allocate<float>(checked(features * stride)), 0, features, tokens, stride);
    }

    /// <summary>
    /// Locks the pages of an array in memory, where that makes copies between it and buffers of this device faster, until the result is disposed.
    /// </summary>
    /// <remarks>
    /// Copies from and to such an array may only be queued when they return, behind all that was asked for before: until the program has waited for
    /// the device by <see cref="Wait"/>, it neither changes nor reads the array.
    /// </remarks>
    /// <param name="array">One that the garbage collector does not move.</param>
    public virtual IDisposable LockPages(float[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return Unlocked.Instance;
    }

    /// <summary>Makes a sum that starts at zero.</summary>
    public abstract DeviceSum AllocateSum();

    /// <summary>Elements from one row of new activations to the next: whole 64-byte lines.</summary>
    private protected virtual int ActivationStride(int tokens) => DeviceMatrix.Padded(tokens);

    /// <summary>Pages that need no lock.</summary>
    private sealed class Unlocked : IDisposable
    {
        public static Unlocked Instance { get; } = new();

        public void Dispose()
        {
            // Nothing was locked.
        }
    }
}
