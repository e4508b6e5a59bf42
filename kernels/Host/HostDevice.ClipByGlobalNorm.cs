using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Clipping.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void ClipByGlobalNormCore(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale)
    {
        double lossValue = Own(loss).Value;
        double squared = Own(squaredNorm).Value;
        Span<float> decision = new(Pointer(scale.Buffer), UpdateScale.Length);
        if (decision[1] != 0)
        {
            return;
        }

        if (arguments.RefuseNonFinite && !(double.IsFinite(lossValue) && double.IsFinite(squared)))
        {
            decision[0] = float.NaN;
            decision[1] = arguments.Step;
            decision[2] = (float)lossValue;
            decision[3] = (float)squared;
            return;
        }

        double norm = Math.Sqrt(squared);
        decision[0] = norm > arguments.MaximumNorm ? (float)(arguments.MaximumNorm / (norm + 1e-6)) : 1;
    }

    /// <summary>The factor of an update; NaN where it is refused.</summary>
    private static float Factor(UpdateScale scale) => Pointer(scale.Buffer)[0];
}
