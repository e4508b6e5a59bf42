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

    /// <summary>Makes a sum that starts at zero.</summary>
    public abstract DeviceSum AllocateSum();

    /// <summary>Elements from one row of new activations to the next: whole 64-byte lines.</summary>
    private protected virtual int ActivationStride(int tokens) => DeviceMatrix.Padded(tokens);
}
