using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Clipping.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    /// <remarks>A sum beyond float32's range, 3.4e38, counts as infinite.</remarks>
    private protected override void ClipByGlobalNormCore(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale) =>
        LaunchLinear(
            1,
            new ClipKernel(
                arguments.MaximumNorm, arguments.RefuseNonFinite ? 1 : 0, arguments.Step, Own(loss), Own(squaredNorm), Factor(scale)));

    private ArrayView<float> Factor(UpdateScale scale) => View(scale.Buffer);
}

/// <summary>Decides on the updates of a step; see <see cref="UpdateScale"/> for what it writes.</summary>
internal readonly struct ClipKernel(
    float maximum, int refuseNonFinite, int step, ArrayView<FloatPair> loss, ArrayView<FloatPair> squaredNorm, ArrayView<float> decision) : IKernel
{
    public void Invoke()
    {
        if (Work.First != 0 || decision[1] != 0)
        {
            return;
        }

        float lossValue = loss[0].High + loss[0].Low;
        float squared = squaredNorm[0].High + squaredNorm[0].Low;
        if (refuseNonFinite != 0 && !(GpuMath.IsFinite(lossValue) && GpuMath.IsFinite(squared)))
        {
            decision[0] = float.NaN;
            decision[1] = step;
            decision[2] = lossValue;
            decision[3] = squared;
            return;
        }

        float norm = MathF.Sqrt(squared);
        decision[0] = norm > maximum ? maximum / (norm + 1e-6f) : 1;
    }
}
