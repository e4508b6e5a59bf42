using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Gpu;

/// <content>Dropout.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void DropoutCore(in DeviceMatrix x, float rate, DropoutKey key)
    {
        int vectors = VectorsOf(x.Columns);
        LaunchLinear(
            x.Rows * vectors,
            new DropoutKernel(
                Vectors(x), x.Rows * vectors, vectors, key.TokensBeside(x.Columns), key.FirstToken, new DropoutFactors(key, rate)));
    }
}

/// <summary>Drops elements in place. x starts at a token of a whole batch.</summary>
internal readonly struct DropoutKernel(VectorMatrix x, int count, int vectors, long batchTokens, long firstToken, DropoutFactors factors) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);

            // Elements of the whole batch are counted, without padding, so that every device draws the same mask.
            Float4 factor = factors.At((ulong)((row * batchTokens) + firstToken + (vector * Float4.Width)));
            Float4 value = x[row, vector];
            x[row, vector] = new Float4(
                DropoutFactors.Apply(factor.X, value.X), DropoutFactors.Apply(factor.Y, value.Y),
                DropoutFactors.Apply(factor.Z, value.Z), DropoutFactors.Apply(factor.W, value.W));
        }
    }
}

/// <summary>What one dropout mask multiplies its elements by: 0, or 1/(1 - rate). The draws are those of <see cref="PhiloxStream"/>.</summary>
internal readonly struct DropoutFactors(DropoutKey key, float rate)
{
    private readonly uint seed = key.Seed, site = key.Site, stepLow = (uint)key.Step, stepHigh = (uint)(key.Step >> 32);
    private readonly uint threshold = Philox.DropThreshold(rate);
    private readonly float kept = 1 / (1 - rate);

    /// <summary>A dropped value is 0 even where it is NaN.</summary>
    public static float Apply(float factor, float value) => factor == 0 ? 0 : value * factor;

    /// <summary>The factors of four consecutive elements.</summary>
    public Float4 At(ulong element)
    {
        ulong counter = element / 4;
        int shift = (int)(element % 4);
        (uint x, uint y, uint z, uint w) = Draw(counter);
        if (shift == 0)
        {
            return new Float4(Factor(x), Factor(y), Factor(z), Factor(w));
        }

        (uint nextX, uint nextY, uint nextZ, _) = Draw(counter + 1);
        return shift switch
        {
            1 => new Float4(Factor(y), Factor(z), Factor(w), Factor(nextX)),
            2 => new Float4(Factor(z), Factor(w), Factor(nextX), Factor(nextY)),
            _ => new Float4(Factor(w), Factor(nextX), Factor(nextY), Factor(nextZ)),
        };
    }

    private (uint X, uint Y, uint Z, uint W) Draw(ulong counter) =>
        Philox.Draw((uint)counter, (uint)(counter >> 32), stepLow, stepHigh, seed, site);

    private float Factor(uint draw) => draw < threshold ? 0 : kept;
}
