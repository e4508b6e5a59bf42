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
        in DeviceMatrix values, in DeviceMatrix output, DeviceBuffer<float>? slopes)
    {
        VectorMatrix valueRows = Vectors(values);
        KeptTokens kept = new(Scalars(keys), Scalars(values), arguments);
        ScalarMatrix query = Scalars(q);
        AppendTokenKernel append = new(Scalars(k), Scalars(v), kept, k.Rows);
        ScalarMatrix result = Scalars(output);

        // As long as the longest row will be, so that it is allocated once.
        int stride = DeviceMatrix.Padded(keys.Columns);
        ArrayView<float> scores = Reserve(ref decodeScores, Math.Max((long)arguments.Heads * stride, DeviceMatrix.RowPadding));
        ScalarMatrix scoreRows = new(scores, stride);
        ArrayView<float> falls = slopes is null ? scores : View(slopes);
        LaunchLinear(k.Rows, append);
        LaunchHeads(
            arguments.Heads, Math.Min(DivideUp(kept.Count, shapes.Threads), shapes.MaxGroups),
            new DecodeScoresKernel(query, kept, arguments.Scale, falls, slopes is null ? 0 : 1, scoreRows));
        LaunchHeads(
            arguments.Heads, arguments.HeadSize,
            new DecodeValuesKernel(new VectorMatrix(scores.Cast<Float4>(), stride / Float4.Width), valueRows, kept, result));
    }

    /// <summary>Launches groups, all their threads in a line, for each head.</summary>
    private void LaunchHeads<TKernel>(int heads, int groups, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (heads > 0)
        {
            kernels.Launch(new Index3D(groups, heads, 1), new Index3D(shapes.Threads, 1, 1), kernel);
        }
    }
}

/// <summary>The keys and values of a sequence [features, capacity] up to those of the token that attends.</summary>
internal readonly struct KeptTokens(ScalarMatrix keys, ScalarMatrix values, AttentionDecodeArguments arguments)
{
    public readonly ScalarMatrix Keys = keys, Values = values;
    public readonly int Position = arguments.Position, HeadSize = arguments.HeadSize, GroupSize = arguments.GroupSize;

    /// <summary>The first key that the token sees.</summary>
    public readonly int FirstKey = arguments.FirstKey;

    /// <summary>The vector that holds it.</summary>
    public readonly int FirstVector = arguments.FirstKey / Float4.Width;

    /// <summary>Keys from that vector on to the token's own.</summary>
    public readonly int Count = arguments.Position + 1 - (arguments.FirstKey / Float4.Width * Float4.Width);

    /// <summary>The first row of the keys and values that a head reads.</summary>
    public int FirstRow(int head) => head / GroupSize * HeadSize;
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

/// <summary>
/// scores[head, key] = scale q . keys[:, key], less the head's slope for each token between them; a thread for each key and Grid.IdxY.
/// </summary>
internal readonly struct DecodeScoresKernel(
    ScalarMatrix q, KeptTokens kept, float scale, ArrayView<float> slopes, int useSlopes, ScalarMatrix scores) : IKernel
{
    public void Invoke()
    {
        int head = Grid.IdxY;
        int row = kept.FirstRow(head);
        float slope = useSlopes != 0 ? slopes[head] : 0f;
        for (int key = (kept.FirstVector * Float4.Width) + Work.First; key <= kept.Position; key += Work.Stride)
        {
            int query = q.Place(head * kept.HeadSize, 0);
            int place = kept.Keys.Place(row, key);
            float sum = 0;
            for (int left = kept.HeadSize; left > 0; left--)
            {
                sum += q.At(query) * kept.Keys.At(place);
                query += q.Stride;
                place += kept.Keys.Stride;
            }

            float score = (scale * sum) - (slope * (kept.Position - key));
            scores[head, key] = key < kept.FirstKey ? AttentionTile.Masked : score;
        }
    }
}

/// <summary>
/// output[feature] = sum over keys of softmax(scores of the feature's head) values[feature, key]; a group for each feature of the head Grid.IdxY.
/// </summary>
internal readonly struct DecodeValuesKernel(VectorMatrix scores, VectorMatrix values, KeptTokens kept, ScalarMatrix output) : IKernel
{
    public void Invoke()
    {
        int head = Grid.IdxY;
        int place = scores.Place(head, kept.FirstVector + Group.IdxX);
        float largest = AttentionTile.Masked;
        for (int left = kept.Count - (Group.IdxX * Float4.Width); left > 0; left -= Group.DimX * Float4.Width)
        {
            largest = Largest(scores.At(place), left, largest);
            place += Group.DimX;
        }

        Float4 maximum = Float4.Broadcast(GroupMaximum.Of(largest));
        BlockedSum sum = default;
        BlockedSum attended = default;
        place = scores.Place(head, kept.FirstVector + Group.IdxX);
        int value = values.Place(kept.FirstRow(head) + Grid.IdxX, kept.FirstVector + Group.IdxX);
        for (int left = kept.Count - (Group.IdxX * Float4.Width); left > 0; left -= Group.DimX * Float4.Width)
        {
            Float4 weights = Float4.Keep(GpuMath.Exp(scores.At(place) - maximum), left);
            sum.Add(weights);
            attended.Add(Float4.Keep(weights * values.At(value), left));
            place += Group.DimX;
            value += Group.DimX;
        }

        float total = GroupSum.Of(sum.Total.Sum);
        float result = GroupSum.Of(attended.Total.Sum);
        if (Group.IdxX == 0)
        {
            output[(head * kept.HeadSize) + Grid.IdxX, 0] = result / total;
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
