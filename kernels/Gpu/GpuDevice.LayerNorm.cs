using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Layer normalization.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void LayerNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean,
        DeviceBuffer<float> inverseDeviation)
    {
        LayerNormForwardKernel kernel = new(
            Vectors(x), x.Rows, x.Columns, View(weight), View(bias), epsilon, Vectors(y), PaddedVectors(mean), PaddedVectors(inverseDeviation));
        LaunchTiles(DivideUp(VectorsOf(x.Columns), shapes.Lanes), 1, shapes.Lanes, kernel);
    }

    /// <inheritdoc/>
    private protected override void LayerNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float> biasGradient)
    {
        int features = x.Rows;
        int tokens = x.Columns;
        LayerNormOperands operands = new(
            Vectors(x), Vectors(dy), features, tokens, View(weight), PaddedVectors(mean), PaddedVectors(inverseDeviation));
        VectorMatrix result = Vectors(dx);
        ArrayView<float> weights = View(weightGradient);
        ArrayView<float> biases = View(biasGradient);

        // The parameters' gradients first: dx may lie where dy does.
        LaunchGroups(features, new LayerNormParametersKernel(operands, weights, biases));
        LaunchTiles(DivideUp(VectorsOf(tokens), shapes.Lanes), 1, shapes.Lanes, new LayerNormBackwardKernel(operands, result, accumulate ? 1 : 0));
    }
}

/// <summary>What both kernels of the backward pass read.</summary>
internal readonly struct LayerNormOperands(
    VectorMatrix x, VectorMatrix dy, int features, int tokens, ArrayView<float> weight, ArrayView<Float4> mean, ArrayView<Float4> inverseDeviation)
{
    public readonly VectorMatrix Dy = dy;
    public readonly ArrayView<float> Weight = weight;
    public readonly ArrayView<Float4> InverseDeviation = inverseDeviation;
    public readonly int Features = features, Tokens = tokens;

    public Float4 Normalized(int feature, int vector) => (x[feature, vector] - mean[vector]) * InverseDeviation[vector];
}

/// <summary>y = weight (x - mean) / sqrt(variance + epsilon) + bias: lanes along tokens, the other threads of a group along features.</summary>
internal readonly struct LayerNormForwardKernel(
    VectorMatrix x, int features, int tokens, ArrayView<float> weight, ArrayView<float> bias, float epsilon, VectorMatrix y, ArrayView<Float4> mean,
    ArrayView<Float4> inverseDeviation)
    : IKernel
{
    public void Invoke()
    {
        int last = (tokens - 1) / Float4.Width;
        int own = Work.First;

        // Lanes past the end repeat the last vector, since all threads must reach the sums.
        int vector = own < last ? own : last;
        float perFeature = 1f / features;
        Float4 sum = default;
        for (int f = Group.IdxY; f < features; f += Group.DimY)
        {
            sum += x[f, vector];
        }

        Float4 center = perFeature * LaneSum.Of(sum);

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
                y[f, vector] = (weight[f] * ((x[f, vector] - center) * inverse)) + Float4.Broadcast(bias[f]);
            }

            if (Group.IdxY == 0)
            {
                mean[vector] = center;
                inverseDeviation[vector] = inverse;
            }
        }
    }
}

/// <summary>dx = inverse (g - mean(g) - n mean(g n)) with g = weight dy, n = the normalized x, and means over the features.</summary>
internal readonly struct LayerNormBackwardKernel(LayerNormOperands operands, VectorMatrix dx, int accumulate) : IKernel
{
    public void Invoke()
    {
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
        Float4 meanGradient = perFeature * LaneSum.Of(sum);
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
internal readonly struct LayerNormParametersKernel(
    LayerNormOperands operands, ArrayView<float> weightGradient, ArrayView<float> biasGradient)
    : IKernel
{
    public void Invoke()
    {
        int feature = Grid.IdxX;
        BlockedSum weights = default;
        BlockedSum biases = default;
        for (int vector = Group.IdxX; vector * Float4.Width < operands.Tokens; vector += Group.DimX)
        {
            int left = operands.Tokens - (vector * Float4.Width);
            Float4 gradient = operands.Dy[feature, vector];
            weights.Add(Float4.Keep(gradient * operands.Normalized(feature, vector), left));
            biases.Add(Float4.Keep(gradient, left));
        }

        float weight = GroupSum.Of(weights.Total.Sum);
        float bias = GroupSum.Of(biases.Total.Sum);
        if (Group.IdxX == 0)
        {
            weightGradient[feature] += weight;
            biasGradient[feature] += bias;
        }
    }
}
