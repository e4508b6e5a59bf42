using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Adam and AdamW.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void AdamStepCore(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment,
        DeviceBuffer<float> secondMoment)
    {
        int length = weight.Length;
        float factor = Factor(scale);
        AdamBody body = new(
            arguments, factor, length, Pointer(weight), Pointer(gradient), Pointer(firstMoment), Pointer(secondMoment));
        if (!float.IsNaN(factor))
        {
            pool.Run((length + Chunk - 1) / Chunk, body, Streams(1, length, matrices: 7));
        }
    }

    private readonly struct AdamBody(
        AdamArguments arguments, float factor, int length, float* weight, float* gradient, float* firstMoment, float* secondMoment)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int i = index * Chunk;
            int end = Math.Min(i + Chunk, length);
            TVector scale = TSimd.Broadcast(factor);
            TVector beta1 = TSimd.Broadcast(arguments.Beta1);
            TVector beta2 = TSimd.Broadcast(arguments.Beta2);
            TVector rest1 = TSimd.Broadcast(1 - arguments.Beta1);
            TVector rest2 = TSimd.Broadcast(1 - arguments.Beta2);
            TVector epsilon = TSimd.Broadcast(arguments.Epsilon);
            TVector correction = TSimd.Broadcast(arguments.Correction);
            TVector regularization = TSimd.Broadcast(arguments.DecoupledDecay ? 0 : arguments.WeightDecay);
            TVector decay = TSimd.Broadcast(arguments.DecoupledDecay ? arguments.WeightDecay : 0);
            TVector rate = TSimd.Broadcast(-arguments.LearningRate);
            for (; i + TSimd.Width <= end; i += TSimd.Width)
            {
                TVector w = TSimd.Load(weight + i);
                TVector g = TSimd.MultiplyAdd(regularization, w, TSimd.Multiply(scale, TSimd.Load(gradient + i)));
                TVector m = TSimd.MultiplyAdd(beta1, TSimd.Load(firstMoment + i), TSimd.Multiply(rest1, g));
                TVector v = TSimd.MultiplyAdd(beta2, TSimd.Load(secondMoment + i), TSimd.Multiply(rest2, TSimd.Multiply(g, g)));
                TVector update = TSimd.Divide(TSimd.Multiply(correction, m), TSimd.Add(TSimd.Sqrt(v), epsilon));
                TSimd.Store(firstMoment + i, m);
                TSimd.Store(secondMoment + i, v);
                TSimd.Store(weight + i, TSimd.MultiplyAdd(rate, TSimd.MultiplyAdd(decay, w, update), w));
            }

            for (; i < end; i++)
            {
                Update(ref weight[i], gradient[i], ref firstMoment[i], ref secondMoment[i]);
            }
        }

        private void Update(ref float w, float rawGradient, ref float m, ref float v)
        {
            float g = factor * rawGradient;
            if (!arguments.DecoupledDecay)
            {
                g += arguments.WeightDecay * w;
            }

            m = (arguments.Beta1 * m) + ((1 - arguments.Beta1) * g);
            v = (arguments.Beta2 * v) + ((1 - arguments.Beta2) * (g * g));
            float update = arguments.Correction * m / (MathF.Sqrt(v) + arguments.Epsilon);
            if (arguments.DecoupledDecay)
            {
                update += arguments.WeightDecay * w;
            }

            w -= arguments.LearningRate * update;
        }
    }
}
