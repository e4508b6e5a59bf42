using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The feed-forward of a decoder layer: y = W1 f(W0 x + b0) + b1. x, y [hidden, tokens]; the middle is [filter, tokens].</summary>
internal sealed class FeedForward(ComputeDevice device, ModelParameters model, ParameterSet parameters, int layer)
{
    private readonly Linear expand = new(device, parameters, $"{GptArchitecture.Layer(layer)}.ffn.ffn.0.linear_layer");
    private readonly Linear contract = new(device, parameters, $"{GptArchitecture.Layer(layer)}.ffn.ffn.1.linear_layer");

    /// <summary>y = W1 f(W0 x + b0) + b1.</summary>
    public void Forward(GptWorkspace workspace, LayerActivations kept, in DeviceMatrix x, in DeviceMatrix y)
    {
        expand.Forward(x, kept.Expanded);
        device.ActivationForward(model.Nonlinearity, kept.Expanded, workspace.Activated);
        contract.Forward(workspace.Activated, y);
    }

    /// <summary>dx from dy; dx may be dy, since dy is used up before dx is written.</summary>
    public void Backward(GptWorkspace workspace, LayerActivations kept, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx)
    {
        DeviceMatrix dMiddle = workspace.WideGradient.RowRange(0, model.FilterSize);
        device.ActivationForward(model.Nonlinearity, kept.Expanded, workspace.Activated);
        contract.Backward(workspace.Activated, dy, dMiddle, accumulate: false);
        device.ActivationBackward(model.Nonlinearity, kept.Expanded, dMiddle, dMiddle);
        expand.Backward(x, dMiddle, dx, accumulate: false);
    }
}
