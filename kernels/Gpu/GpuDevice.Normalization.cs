using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Normalization of tokens about either center.</content>
internal sealed partial class GpuDevice
{
    // A kernel is given some memory where there is no bias and no mean; it does not look.
    private void NormalizeForward<TCenter>(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float>? mean,
        DeviceBuffer<float> inverseDeviation)
        where TCenter : struct, ICenter
    {
        NormForwardKernel<TCenter> kernel = new(
            Vectors(x), x.Rows, x.Columns, View(weight), View(bias ?? weight, nameof(bias)), bias is null ? 0 : 1, epsilon, Vectors(y),
            PaddedVectors(mean ?? inverseDeviation, nameof(mean)), PaddedVectors(inverseDeviation));
        LaunchTiles(DivideUp(VectorsOf(x.Columns), shapes.Lanes), 1, shapes.Lanes, kernel);
    }

    private void NormalizeBackward<TCenter>(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float>? biasGradient)
        where TCenter : struct, ICenter
    {
        int features = x.Rows;
        int tokens = x.Columns;
        NormOperands<TCenter> operands = new(
            Vectors(x), Vectors(dy), features, tokens, View(weight), PaddedVectors(mean ?? inverseDeviation, nameof(mean)),
            PaddedVectors(inverseDeviation));
        VectorMatrix result = Vectors(dx);
        ArrayView<float> weights = View(weightGradient);
        ArrayView<float> biases = View(biasGradient ?? weightGradient, nameof(biasGradient));

        // The parameters' gradients first: dx may lie where dy does.
        LaunchGroups(features, new NormParametersKernel<TCenter>(operands, weights, biases, biasGradient is null ? 0 : 1));
        LaunchTiles(
            DivideUp(VectorsOf(tokens), shapes.Lanes), 1, shapes.Lanes, new NormBackwardKernel<TCenter>(operands, result, accumulate ? 1 : 0));
    }
}

/// <summary>What both kernels of the backward pass read.</summary>
internal readonly struct NormOperands<TCenter>(
    VectorMatrix x, VectorMatrix dy, int features, int tokens, ArrayView<float> weight, ArrayView<Float4> mean, ArrayView<Float4> inverseDeviation)
    where TCenter : struct, ICenter
{
    public readonly VectorMatrix Dy = dy;
    public readonly ArrayView<float> Weight = weight;
    public readonly ArrayView<Float4> InverseDeviation = inverseDeviation;
    public readonly int Features = features, Tokens = tokens;

    public Float4 Normalized(int feature, int vector)
    {
        TCenter center = default;
        return (center.IsMean ? x[feature, vector] - mean[vector] : x[feature, vector]) * InverseDeviation[vector];
    }
}

/// <summary>
/// y = weight (x - center) / sqrt(mean((x - center)^2) + epsilon) + bias: lanes along tokens, the other threads of a group along features.
/// </summary>
internal readonly struct NormForwardKernel<TCenter>(
    VectorMatrix x, int features, int tokens, ArrayView<float> weight, ArrayView<float> bias, int hasBias, float epsilon, VectorMatrix y,
    ArrayView<Float4> mean, ArrayView<Float4> inverseDeviation)
    : IKernel
    where TCenter : struct, ICenter
{
    public void Invoke()
    {
        TCenter about = default;
        int last = (tokens - 1) / Float4.Width;
        int own = Work.First;

        // Lanes past the end repeat the last vector, since all threads must reach the sums.
        int vector = own < last ? own : last;
        float perFeature = 1f / features;
        Float4 center = default;
        if (about.IsMean)
        {
            Float4 sum = default;
            for (int f = Group.IdxY; f < features; f += Group.DimY)
            {
                sum += x[f, vector];
            }

            center = perFeature * LaneSum.Of(sum);
        }

        // The variance of the centred values: no cancellation, however large the mean.
        Float4 squares = default;
        for (int f = Group.IdxY; f < features; f += Group.DimY)
        {
            Float4 centred = x[f, vector] - center;
            squares += centred * centred;
        }

        Float4 variance = perFeature * LaneSum.Of(squares);
        Float4 inverse = Float4.Broadcast(1) / Float4.Sqrt(variance + Float4.Broadcast(epsilon));
        if (own <= last)
        {
            for (int f = Group.IdxY; f < features; f += Group.DimY)
            {
                float shift = hasBias != 0 ? bias[f] : 0f;
                y[f, vector] = (weight[f] * ((x[f, vector] - center) * inverse)) + Float4.Broadcast(shift);
            }

            if (Group.IdxY == 0)
            {
                inverseDeviation[vector] = inverse;
                if (about.IsMean)
                {
                    mean[vector] = center;
                }
            }
        }
    }
}

/// <summary>
/// dx = inverse (g - mean(g) - n mean(g n)) with g = weight dy, n = the normalized x, and means over the features; about zero without mean(g).
/// </summary>
internal readonly struct NormBackwardKernel<TCenter>(NormOperands<TCenter> operands, VectorMatrix dx, int accumulate) : IKernel
    where TCenter : struct, ICenter
{
    public void Invoke()
    {
        TCenter about = default;
        int last = (operands.Tokens - 1) / Float4.Width;
        int own = Work.First;
        int vector = own < last ? own : last;
        Float4 sum = default;
        Float4 product = default;
        for (int f = Group.IdxY; f < operands.Features; f += Group.DimY)
        {
            Float4 gradient = operands.Weight[f] * operands.Dy[f, vector];
            sum += gradient;
            product += gradient * operands.Normalized(f, vector);
        }

        float perFeature = 1f / operands.Features;
        Float4 meanGradient = default;
        if (about.IsMean)
        {
            meanGradient = perFeature * LaneSum.Of(sum);
        }

        Float4 meanProduct = perFeature * LaneSum.Of(product);
        if (own <= last)
        {
            Float4 inverse = operands.InverseDeviation[vector];
            for (int f = Group.IdxY; f < operands.Features; f += Group.DimY)
            {
                Float4 shared = meanGradient + (operands.Normalized(f, vector) * meanProduct);
                Float4 result = inverse * ((operands.Weight[f] * operands.Dy[f, vector]) - shared);
                dx[f, vector] = accumulate != 0 ? dx[f, vector] + result : result;
            }
        }
    }
}

/// <summary>Adds the sums over tokens of dy n and dy to the gradients of weight and bias; a group for each feature.</summary>
internal readonly struct NormParametersKernel<TCenter>(
    NormOperands<TCenter> operands, ArrayView<float> weightGradient, ArrayView<float> biasGradient, int hasBias)
    : IKernel
    where TCenter : struct, ICenter
{
    public void Invoke()
    {
        TCenter about = default;
        int feature = Grid.IdxX;
        BlockedSum weights = default;
        BlockedSum biases = default;
        for (int vector = Group.IdxX; vector * Float4.Width < operands.Tokens; vector += Group.DimX)
        {
            int left = operands.Tokens - (vector * Float4.Width);
            Float4 gradient = operands.Dy[feature, vector];
            weights.Add(Float4.Keep(gradient * operands.Normalized(feature, vector), left));
            if (about.IsMean)
            {
                biases.Add(Float4.Keep(gradient, left));
            }
        }

        float weight = GroupSum.Of(weights.Total.Sum);
        float bias = about.IsMean ? GroupSum.Of(biases.Total.Sum) : 0f;
        if (Group.IdxX == 0)
        {
            weightGradient[feature] += weight;
            if (hasBias != 0)
            {
                biasGradient[feature] += bias;
            }
        }
    }
}
