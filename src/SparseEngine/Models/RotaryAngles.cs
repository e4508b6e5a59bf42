using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The angles of rotary position embedding (Su et al., 2021).</summary>
/// <param name="Cosines">Of each frequency and position [dimensions / 2, positions].</param>
/// <param name="Sines">Likewise.</param>
internal sealed record RotaryAngles(DeviceMatrix Cosines, DeviceMatrix Sines)
{
    /// <summary>The angles of positions 0 to <paramref name="positions"/> - 1.</summary>
    public static RotaryAngles Create(ActivationStore store, ModelParameters model, int positions)
    {
        int frequencies = model.Rotary!.Dimensions / 2;
        RotaryAngles angles = new(store.Matrix(frequencies, positions), store.Matrix(frequencies, positions));
        int stride = angles.Cosines.Stride;
        float[] cosines = new float[angles.Cosines.Buffer.Length];
        float[] sines = new float[cosines.Length];
        for (int i = 0; i < frequencies; i++)
        {
            double frequency = Frequency(model, i);
            for (int position = 0; position < positions; position++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                cosines[angles.Cosines.Offset + (i * stride) + position] = (float)cosine;
                sines[angles.Sines.Offset + (i * stride) + position] = (float)sine;
            }
        }

        angles.Cosines.Buffer.CopyFrom(cosines);
        angles.Sines.Buffer.CopyFrom(sines);
        return angles;
    }

    /// <summary>Radians for each position: theta^(-2i / dimensions), slowed down where the model scales positions.</summary>
    internal static double Frequency(ModelParameters model, int i)
    {
        RotaryParameters rotary = model.Rotary!;
        double frequency = Math.Pow(rotary.Theta, -2.0 * i / rotary.Dimensions);
        double slow = frequency / model.PositionScalingFactor;
        if (rotary.Llama3 is not { } llama3)
        {
            return slow;
        }

        // How many waves the original positions hold decides: many stay as they are, few are slowed down wholly.
        double waves = llama3.OriginalPositions * frequency / (2 * Math.PI);
        double share = (waves - llama3.LowFrequencyFactor) / (llama3.HighFrequencyFactor - llama3.LowFrequencyFactor);
        return double.Lerp(slow, frequency, Math.Clamp(share, 0, 1));
    }

    /// <summary>Turns queries or keys [heads x headSize, tokens] in place.</summary>
    /// <param name="device">Where they lie.</param>
    /// <param name="x">What is turned.</param>
    /// <param name="arguments">Shape, positions and direction.</param>
    public void Rotate(ComputeDevice device, in DeviceMatrix x, in RotaryArguments arguments) => device.Rotate(arguments, x, Cosines, Sines);
}
