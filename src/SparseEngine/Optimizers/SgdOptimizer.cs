using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Optimizers;

/// <summary>Stochastic gradient descent, with momentum where that is above 0 (see <see cref="SgdArguments"/>).</summary>
internal sealed class SgdOptimizer(OptimizerParameters settings, ComputeDevice device, ParameterSet parameters)
    : Optimizer(settings, device, parameters)
{
    private protected override void Update(Parameter parameter, float learningRate, float decay, UpdateScale scale)
    {
        SgdArguments arguments = new(learningRate, (float)Settings.Momentum, Settings.UseNesterov, decay);
        Device.SgdStep(arguments, scale, parameter.Values, parameter.Gradient, parameter.States.IsEmpty ? null : parameter.States[0]);
    }
}
