using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>
/// Fixed position embeddings (Vaswani et al., 2017), as the Model Zoo lays them out: features 2i and 2i + 1 are the sine and cosine of
/// position x 10000^(-i / (hidden/2 - 1)); a last odd feature is 0.
/// </summary>
internal static class SinusoidalTable
{
    private const double LongestWave = 10000;

    /// <summary>The table [positions, hidden].</summary>
    public static DeviceMatrix Create(ActivationStore store, int positions, int hidden)
    {
        float[] table = new float[checked(positions * hidden)];
        for (int position = 0; position < positions; position++)
        {
            Fill(table.AsSpan(position * hidden, hidden), position);
        }

        DeviceBuffer<float> buffer = store.Vector(table.Length);
        buffer.CopyFrom(table);
        return DeviceMatrix.Dense(buffer, positions, hidden);
    }

    /// <summary>One position's features.</summary>
    internal static void Fill(Span<float> features, int position)
    {
        int waves = features.Length / 2;
        for (int i = 0; i < waves; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * Math.Pow(LongestWave, -(double)i / Math.Max(waves - 1, 1)));
            features[2 * i] = (float)sine;
            features[(2 * i) + 1] = (float)cosine;
        }
    }
}
