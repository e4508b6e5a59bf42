using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>y = W1 ((W0 x + b0) f(V x + c)) + b1 (Shazeer, 2020): with f = silu it is SwiGLU.</summary>
internal sealed class GatedFeedForward(ComputeDevice device, ModelParameters model, ParameterSet parameters, string name)
    : FeedForward(device, model, parameters, name)
{
    /// <summary>What the gate's name has after that of W0.</summary>
    public const string Suffix = "_for_glu";

    private readonly Linear gate = new(device, parameters, $"{name}.ffn.0.linear_layer{Suffix}");

    /// <inheritdoc/>
    public override void Forward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix y)
    {
        Expand.Forward(x, kept.Expanded);
        gate.Forward(x, kept.Gate!.Value);
        Device.GateForward(Model.Nonlinearity, kept.Expanded, kept.Gate.Value, workspace.Activated);
        Contract.Forward(workspace.Activated, y);
    }

    /// <inheritdoc/>
    public override void Backward(GptWorkspace workspace, FeedForwardActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        DeviceMatrix dExpanded = workspace.WideGradient.RowRange(0, Model.FilterSize);
        DeviceMatrix dGate = workspace.WideGradient.RowRange(Model.FilterSize, Model.FilterSize);
        Device.GateForward(Model.Nonlinearity, kept.Expanded, kept.Gate!.Value, workspace.Activated);
        Contract.Backward(workspace.Activated, dy, dExpanded, accumulate: false);
        Device.GateBackward(Model.Nonlinearity, kept.Expanded, kept.Gate.Value, dExpanded, dExpanded, dGate);
        Expand.Backward(x, dExpanded, dx, accumulate: false);
        gate.Backward(x, dGate, dx, accumulate: true);
    }
}
