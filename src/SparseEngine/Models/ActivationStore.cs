using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Allocates the activations of passes of one size, and owns them.</summary>
/// <param name="device">Where they lie.</param>
/// <param name="tokens">Tokens in a pass.</param>
internal sealed class ActivationStore(ComputeDevice device, int tokens) : IDisposable
{
    private readonly List<IDisposable> owned = [];

    /// <summary>Tokens in a pass.</summary>
    public int Tokens => tokens;

    /// <summary>Activations [features, tokens].</summary>
    public DeviceMatrix Matrix(int features) => Matrix(features, tokens);

    /// <summary>As activations are laid out, of another number of tokens or positions [features, columns].</summary>
    public DeviceMatrix Matrix(int features, int columns)
    {
        DeviceMatrix matrix = device.AllocateActivations(features, columns);
        owned.Add(matrix.Buffer);
        return matrix;
    }

    /// <summary>Numbers one by one [length].</summary>
    public DeviceBuffer<float> Vector(int length) => Own(device.Allocate<float>(length));

    /// <summary>Token ids [tokens].</summary>
    public DeviceBuffer<int> Ids() => Own(device.Allocate<int>(tokens));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable buffer in owned)
        {
            buffer.Dispose();
        }
    }

    private DeviceBuffer<T> Own<T>(DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        owned.Add(buffer);
        return buffer;
    }
}
