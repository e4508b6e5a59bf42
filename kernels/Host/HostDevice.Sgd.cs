using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Stochastic gradient descent.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void SgdStepCore(
        in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity)
    {
        int length = weight.Length;
        float factor = Factor(scale);
        SgdBody body = new(
            arguments, factor, length, Pointer(weight), Pointer(gradient), velocity is null ? null : Pointer(velocity));
        if (!float.IsNaN(factor))
        {
            pool.Run((length + Chunk - 1) / Chunk, body, Streams(1, length, matrices: 5));
        }
    }

    // Plain loops: three streams through memory bound this, not arithmetic.
    private readonly struct SgdBody(SgdArguments arguments, float factor, int length, float* weight, float* gradient, float* velocity) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int end = Math.Min((index + 1) * Chunk, length);
            for (int i = index * Chunk; i < end; i++)
            {
                float update = (factor * gradient[i]) + (arguments.WeightDecay * weight[i]);
                if (velocity is not null)
                {
                    velocity[i] = (arguments.Momentum * velocity[i]) + update;
                    update = arguments.Nesterov ? update + (arguments.Momentum * velocity[i]) : velocity[i];
                }

                weight[i] -= arguments.LearningRate * update;
            }
        }
    }
}
