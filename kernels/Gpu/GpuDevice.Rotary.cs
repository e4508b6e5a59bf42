using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Rotary position embedding.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void RotateCore(in RotaryArguments arguments, in DeviceMatrix x, in DeviceMatrix cosines, in DeviceMatrix sines)
    {
        VectorMatrix turned = Vectors(x);
        int vectors = VectorsOf(x.Columns);
        int pairs = cosines.Rows;
        int count = x.Rows / arguments.HeadSize * pairs * vectors;
        int direction = arguments.Inverse ? -1 : 1;

        // Where sequences and their first position lie on vectors of the tables, angles are loaded as what they are used as.
        if (arguments.Sequence % Float4.Width == 0 && arguments.FirstPosition % Float4.Width == 0)
        {
            VectorAngles angles = new(
                Vectors(cosines), Vectors(sines), arguments.Sequence / Float4.Width, arguments.FirstPosition / Float4.Width);
            LaunchLinear(count, new RotateKernel<VectorAngles>(turned, angles, arguments.HeadSize, pairs, vectors, direction, count));
        }
        else
        {
            ScalarAngles angles = new(Scalars(cosines), Scalars(sines), arguments.Sequence, arguments.FirstPosition);
            LaunchLinear(count, new RotateKernel<ScalarAngles>(turned, angles, arguments.HeadSize, pairs, vectors, direction, count));
        }
    }
}

/// <summary>The cosines and sines by which pairs of features turn.</summary>
internal interface IAngles
{
    /// <summary>The cosines of a pair for a vector of tokens.</summary>
    Float4 Cosines(int pair, int vector);

    /// <summary>Their sines.</summary>
    Float4 Sines(int pair, int vector);
}

/// <summary>Angles of sequences of whole vectors, from a whole vector on; lengths and places are in vectors.</summary>
internal readonly struct VectorAngles(VectorMatrix cosines, VectorMatrix sines, int sequence, int firstPosition) : IAngles
{
    public Float4 Cosines(int pair, int vector) => cosines[pair, firstPosition + (vector % sequence)];

    public Float4 Sines(int pair, int vector) => sines[pair, firstPosition + (vector % sequence)];
}

/// <summary>Angles of sequences of any length, from any position on.</summary>
internal readonly struct ScalarAngles(ScalarMatrix cosines, ScalarMatrix sines, int sequence, int firstPosition) : IAngles
{
    public Float4 Cosines(int pair, int vector) => Of(cosines, pair, vector);

    public Float4 Sines(int pair, int vector) => Of(sines, pair, vector);

    // The tokens of a row's last vector have positions too, those past the end of the last sequence.
    private Float4 Of(ScalarMatrix table, int pair, int vector)
    {
        int x = (vector * Float4.Width) % sequence;
        int y = Next(x);
        int z = Next(y);
        int w = Next(z);
        return new Float4(
            table[pair, firstPosition + x], table[pair, firstPosition + y], table[pair, firstPosition + z], table[pair, firstPosition + w]);
    }

    private int Next(int position) => position + 1 < sequence ? position + 1 : 0;
}

/// <summary>Turns the pairs of features of each head by their tokens' angles, a pair of vectors a thread.</summary>
internal readonly struct RotateKernel<TAngles>(VectorMatrix x, TAngles angles, int headSize, int pairs, int vectors, float direction, int count)
    : IKernel
    where TAngles : struct, IAngles
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int row = i / vectors;
            int vector = i - (row * vectors);
            int head = row / pairs;
            int pair = row - (head * pairs);
            int even = (head * headSize) + (2 * pair);
            Float4 c = angles.Cosines(pair, vector);
            Float4 s = direction * angles.Sines(pair, vector);
            Float4 a = x[even, vector];
            Float4 b = x[even + 1, vector];
            x[even, vector] = (a * c) - (b * s);
            x[even + 1, vector] = (b * c) + (a * s);
        }
    }
}
