namespace SparseEngine.Kernels.Devices;

/// <summary>An update that was kept from the weights because its loss or gradient was not finite.</summary>
/// <param name="Step">The step, 1 for the first update.</param>
/// <param name="Loss">The step's summed loss.</param>
/// <param name="SquaredNorm">The square of its gradients' global norm.</param>
public readonly record struct RefusedUpdate(int Step, float Loss, float SquaredNorm);

/// <summary>
/// What updates multiply gradients by, decided on the device by <see cref="ComputeDevice.ClipByGlobalNorm"/> and read there by
/// the updates. The host learns of a refused update when it asks, steps later if need be: until then no update changes anything.
/// </summary>
public sealed class UpdateScale : IDisposable
{
    /// <summary>
    /// Elements of <see cref="Buffer"/>: the factor, NaN where updates are refused; then the refused step (0 for none), its loss and its squared
    /// norm.
    /// </summary>
    internal const int Length = 4;

    private readonly float[] contents = [1, 0, 0, 0];

    /// <summary>Allocates a scale of 1.</summary>
    public UpdateScale(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        Buffer = device.Allocate<float>(Length);
        Buffer.CopyFrom(contents);
    }

    internal DeviceBuffer<float> Buffer { get; }

    /// <summary>The first update that was refused, if any was. Waits until all operations before are done.</summary>
    public RefusedUpdate? ReadRefusal()
    {
        Buffer.CopyTo(contents);
        return contents[1] == 0 ? null : new RefusedUpdate((int)contents[1], contents[2], contents[3]);
    }

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();
}
