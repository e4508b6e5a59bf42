using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Stochastic gradient descent.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void SgdStepCore(
        in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity)
    {
        int vectors = VectorsOf(weight.Length);
        ArrayView<Float4> weights = PaddedVectors(weight);
        ArrayView<Float4> gradients = PaddedVectors(gradient);
        if (velocity is null)
        {
            LaunchLinear(vectors, new SgdKernel(arguments.LearningRate, arguments.WeightDecay, Factor(scale), vectors, weights, gradients));
        }
        else
        {
            LaunchLinear(vectors, new MomentumKernel(arguments, Factor(scale), vectors, weights, gradients, PaddedVectors(velocity)));
        }
    }
}

/// <summary>w -= rate (scale g + decay w).</summary>
internal readonly struct SgdKernel(
    float rate, float decay, ArrayView<float> factor, int vectors, ArrayView<Float4> weight, ArrayView<Float4> gradient)
    : IKernel
{
    public void Invoke()
    {
        float scale = factor[0];
        int end = float.IsNaN(scale) ? 0 : vectors;
        for (int i = Work.First; i < end; i += Work.Stride)
        {
            Float4 w = weight[i];
            weight[i] = w - (rate * ((scale * gradient[i]) + (decay * w)));
        }
    }
}

/// <summary>The same along a velocity, which decays and takes in the gradient.</summary>
internal readonly struct MomentumKernel : IKernel
{
    private readonly float rate, decay, momentum;
    private readonly int nesterov, vectors;
    private readonly ArrayView<float> factor;
    private readonly ArrayView<Float4> weight, gradient, velocity;

    public MomentumKernel(
        in SgdArguments arguments, ArrayView<float> factor, int vectors, ArrayView<Float4> weight, ArrayView<Float4> gradient,
        ArrayView<Float4> velocity)
    {
        rate = arguments.LearningRate;
        decay = arguments.WeightDecay;
        momentum = arguments.Momentum;
        nesterov = arguments.Nesterov ? 1 : 0;
        this.factor = factor;
        this.vectors = vectors;
        this.weight = weight;
        this.gradient = gradient;
        this.velocity = velocity;
    }

    public void Invoke()
    {
        float scale = factor[0];
        int end = float.IsNaN(scale) ? 0 : vectors;
        for (int i = Work.First; i < end; i += Work.Stride)
        {
            Float4 w = weight[i];
            Float4 g = (scale * gradient[i]) + (decay * w);
            Float4 v = (momentum * velocity[i]) + g;
            velocity[i] = v;
            weight[i] = w - (rate * (nesterov != 0 ? g + (momentum * v) : v));
        }
    }
}
