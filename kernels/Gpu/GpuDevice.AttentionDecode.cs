using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Causal self-attention of one token over kept keys and values.</content>
internal sealed partial class GpuDevice
{
    // A row of scores for each head.
    private MemoryBuffer1D<float, Stride1D.Dense>? decodeScores;

    /// <inheritdoc/>
    private protected override void AttentionDecodeCore(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys,
        in DeviceMatrix values, in DeviceMatrix output)
    {
        int features = q.Rows;
        VectorMatrix valueRows = Vectors(values);
        KeptTokens kept = new(Scalars(keys), Scalars(values), arguments.Position, arguments.HeadSize);
        ScalarMatrix query = Scalars(q);
        AppendTokenKernel append = new(Scalars(k), Scalars(v), kept, features);
        ScalarMatrix result = Scalars(output);

        // As long as the longest row will be, so that it is allocated once.
        int stride = DeviceMatrix.Padded(keys.Columns);
        ArrayView<float> scores = Reserve(ref decodeScores, Math.Max((long)arguments.Heads * stride, DeviceMatrix.RowPadding));
        int pairs = arguments.Heads * kept.Count;
        LaunchLinear(features, append);
        LaunchLinear(pairs, new DecodeScoresKernel(query, kept, arguments.Scale, new ScalarMatrix(scores, stride), pairs));
        LaunchGroups(features, new DecodeValuesKernel(new VectorMatrix(scores.Cast<Float4>(), stride / Float4.Width), valueRows, kept, result));
    }
}

/// <summary>The keys and values of a sequence [features, capacity] up to those of the token that attends.</summary>
internal readonly struct KeptTokens(ScalarMatrix keys, ScalarMatrix values, int position, int headSize)
{
    public readonly ScalarMatrix Keys = keys, Values = values;
    public readonly int Position = position, HeadSize = headSize;

    /// <summary>Tokens that the token attends to, itself included.</summary>
    public int Count => Position + 1;
}

/// <summary>Writes a token's key and value into its column; a thread for each feature.</summary>
internal readonly struct AppendTokenKernel(ScalarMatrix k, ScalarMatrix v, KeptTokens kept, int features) : IKernel
{
    public void Invoke()
    {
        for (int feature = Work.First; feature < features; feature += Work.Stride)
        {
            kept.Keys[feature, kept.Position] = k[feature, 0];
            kept.Values[feature, kept.Position] = v[feature, 0];
        }
    }
}

/// <summary>scores[head, key] = scale q . keys[:, key]; a thread for each head and key.</summary>
internal readonly struct DecodeScoresKernel(ScalarMatrix q, KeptTokens kept, float scale, ScalarMatrix scores, int count) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int head = i / kept.Count;
            int key = i - (head * kept.Count);
            int first = head * kept.HeadSize;
            float sum = 0;
            for (int feature = first; feature < first + kept.HeadSize; feature++)
            {
                sum += q[feature, 0] * kept.Keys[feature, key];
            }

            scores[head, key] = scale * sum;
        }
    }
}

/// <summary>output[feature] = sum over keys of softmax(scores of the feature's head) values[feature, key]; a group for each feature.</summary>
internal readonly struct DecodeValuesKernel(VectorMatrix scores, VectorMatrix values, KeptTokens kept, ScalarMatrix output) : IKernel
{
    public void Invoke()
    {
        int feature = Grid.IdxX;
        int head = feature / kept.HeadSize;
        float largest = AttentionTile.Masked;
        for (int vector = Group.IdxX; vector * Float4.Width < kept.Count; vector += Group.DimX)
        {
            largest = Largest(scores[head, vector], kept.Count - (vector * Float4.Width), largest);
        }

        Float4 maximum = Float4.Broadcast(GroupMaximum.Of(largest));
        BlockedSum sum = default;
        BlockedSum attended = default;
        for (int vector = Group.IdxX; vector * Float4.Width < kept.Count; vector += Group.DimX)
        {
            int left = kept.Count - (vector * Float4.Width);
            Float4 weights = Float4.Keep(GpuMath.Exp(scores[head, vector] - maximum), left);
            sum.Add(weights);
            attended.Add(Float4.Keep(weights * values[feature, vector], left));
        }

        float total = GroupSum.Of(sum.Total.Sum);
        float result = GroupSum.Of(attended.Total.Sum);
        if (Group.IdxX == 0)
        {
            output[feature, 0] = result / total;
        }
    }

    /// <summary>The largest of <paramref name="other"/> and the lanes before <paramref name="count"/>.</summary>
    private static float Largest(Float4 lanes, int count, float other)
    {
        other = lanes.X > other ? lanes.X : other;
        other = count > 1 && lanes.Y > other ? lanes.Y : other;
        other = count > 2 && lanes.Z > other ? lanes.Z : other;
        return count > 3 && lanes.W > other ? lanes.W : other;
    }
}
