using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Optimizers;

/// <summary>AdamW and Adam, with Model Zoo 1.8's defaults (see <see cref="AdamArguments"/> for the formula).</summary>
internal sealed class AdamOptimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    : Optimizer(settings, device, parameters)
{
    private protected override void Update(Parameter parameter, float learningRate, float decay, UpdateScale scale)
    {
        double correction = Settings.CorrectBias
            ? Math.Sqrt(1 - Math.Pow(Settings.Beta2, Updates)) / (1 - Math.Pow(Settings.Beta1, Updates))
            : 1;
        AdamArguments arguments = new(
            learningRate,
            (float)Settings.Beta1,
            (float)Settings.Beta2,
            (float)Settings.Epsilon,
            decay,
            DecoupledDecay: Settings.Kind == OptimizerKind.AdamW,
            (float)correction);
        Device.AdamStep(arguments, scale, parameter.Values, parameter.Gradient, parameter.States[0], parameter.States[1]);
    }
}
