using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>y = W1 f(W0 x + b0) + b1.</summary>
internal sealed class PlainFeedForward(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name)
    : FeedForward(device, model, parameters, name)
{
    /// <inheritdoc/>
    public override void Forward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix y)
    {
        Expand.Forward(x, kept.Expanded);
        Device.ActivationForward(Model.Nonlinearity, kept.Expanded, workspace.Activated);
        Contract.Forward(workspace.Activated, y);
    }

    /// <inheritdoc/>
    public override void Backward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        DeviceMatrix dMiddle = workspace.WideGradient.RowRange(0, Model.FilterSize);
        Device.ActivationForward(Model.Nonlinearity, kept.Expanded, workspace.Activated);
        Contract.Backward(workspace.Activated, dy, dMiddle, accumulate: false);
        Device.ActivationBackward(Model.Nonlinearity, kept.Expanded, dMiddle, dMiddle);
        Expand.Backward(x, dMiddle, dx, accumulate: false);
    }
}
