using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>Allocates the activations of passes of one size, and owns them.</summary>
/// <param name="device">Where they lie.</param>
/// <param name="tokens">Tokens in a pass.</param>
internal sealed class ActivationStore(ComputeDevice device, int tokens) : IDisposable
{
    // Rows of activations are whole lines of 64 bytes.
    private const int LineFloats = 16;

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

    /// <summary>
    /// Activations [features, tokens], and over the same memory other ones [rows, columns]: for what is never needed at the same time.
    /// </summary>
    public (DeviceMatrix Activations, DeviceMatrix Others) Overlapping(int features, int rows, int columns)
    {
        if (columns == tokens)
        {
            DeviceMatrix larger = Matrix(Math.Max(features, rows));
            return (larger.RowRange(0, features), larger.RowRange(0, rows));
        }

        long stride = Lines(columns) * LineFloats;
        long rowsThatHold = ((rows * stride) + (Lines(tokens) * LineFloats) - 1) / Math.Max(1, Lines(tokens) * LineFloats);
        DeviceMatrix whole = Matrix(checked((int)Math.Max(features, rowsThatHold)));
        return (whole.RowRange(0, features), whole with { Rows = rows, Columns = columns, Stride = (int)stride });

        static long Lines(int columns) => ((long)columns + LineFloats - 1) / LineFloats;
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
