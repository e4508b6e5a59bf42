using System.Runtime.CompilerServices;
using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Adam and AdamW.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void AdamStepCore(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment,
        DeviceBuffer<float> secondMoment)
    {
        int vectors = VectorsOf(weight.Length);
        LaunchLinear(
            vectors,
            new AdamKernel(
                arguments, Factor(scale), vectors, PaddedVectors(weight), PaddedVectors(gradient), PaddedVectors(firstMoment),
                PaddedVectors(secondMoment)));
    }

    /// <summary>A flat buffer as vectors. The last one may reach into the padding, whose contents no result depends on.</summary>
    private ArrayView<Float4> PaddedVectors(DeviceBuffer<float> buffer, [CallerArgumentExpression(nameof(buffer))] string name = "") =>
        Own(buffer, name).Padded.Cast<Float4>();
}

/// <summary>One update of Adam or AdamW on four weights a thread.</summary>
internal readonly struct AdamKernel : IKernel
{
    private readonly float beta1, beta2, rest1, rest2, epsilon, correction, regularization, decay, rate;
    private readonly ArrayView<Float4> weight, gradient, firstMoment, secondMoment;
    private readonly ArrayView<float> factor;
    private readonly int vectors;

    public AdamKernel(
        in AdamArguments arguments, ArrayView<float> factor, int vectors, ArrayView<Float4> weight, ArrayView<Float4> gradient,
        ArrayView<Float4> firstMoment, ArrayView<Float4> secondMoment)
    {
        beta1 = arguments.Beta1;
        beta2 = arguments.Beta2;
        rest1 = 1 - arguments.Beta1;
        rest2 = 1 - arguments.Beta2;
        epsilon = arguments.Epsilon;
        correction = arguments.Correction;
        regularization = arguments.DecoupledDecay ? 0 : arguments.WeightDecay;
        decay = arguments.DecoupledDecay ? arguments.WeightDecay : 0;
        rate = arguments.LearningRate;
        this.factor = factor;
        this.vectors = vectors;
        this.weight = weight;
        this.gradient = gradient;
        this.firstMoment = firstMoment;
        this.secondMoment = secondMoment;
    }

    public void Invoke()
    {
        float scale = factor[0];
        int end = float.IsNaN(scale) ? 0 : vectors;
        for (int i = Work.First; i < end; i += Work.Stride)
        {
            Float4 w = weight[i];
            Float4 g = (scale * gradient[i]) + (regularization * w);
            Float4 m = (beta1 * firstMoment[i]) + (rest1 * g);
            Float4 v = (beta2 * secondMoment[i]) + (rest2 * (g * g));
            Float4 update = correction * m / (Float4.Sqrt(v) + Float4.Broadcast(epsilon));
            firstMoment[i] = m;
            secondMoment[i] = v;
            weight[i] = w - (rate * (update + (decay * w)));
        }
    }
}
